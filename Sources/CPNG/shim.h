// libpng's error path is longjmp, which must never cross a Swift frame: every call that can fail is made in here, with
// its setjmp in the same C function, and Swift sees a return value and a message. The functions are not inlined, so
// that nothing of a caller lives in registers that a longjmp would put back.
#pragma once

#include <png.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ZANZO_PNG_OUTLINE static inline __attribute__((noinline))

// A growing block of bytes, and the reason where a call failed.
typedef struct {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
    char message[128];
} zanzo_png_output;

static inline void zanzo_png_fail(png_structp png, png_const_charp message) {
    zanzo_png_output *output = (zanzo_png_output *)png_get_error_ptr(png);
    strncpy(output->message, message, sizeof output->message - 1);
    png_longjmp(png, 1);
}

static inline void zanzo_png_warn(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static inline void zanzo_png_append(png_structp png, png_bytep data, size_t count) {
    zanzo_png_output *output = (zanzo_png_output *)png_get_io_ptr(png);
    if (count > output->capacity - output->count) {
        size_t capacity = 2 * output->capacity + count;
        uint8_t *grown = (uint8_t *)realloc(output->bytes, capacity);
        if (!grown) png_error(png, "out of memory");
        output->bytes = grown;
        output->capacity = capacity;
    }
    memcpy(output->bytes + output->count, data, count);
    output->count += count;
}

static inline void zanzo_png_flush(png_structp png) { (void)png; }

// Encodes 8-bit pixels (`channels` 3: RGB, 1: grey), rows without padding. Returns 1, or 0 with output->message set.
// The caller frees output->bytes either way.
ZANZO_PNG_OUTLINE int zanzo_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int level, int filters,
    zanzo_png_output *output) {
    memset(output, 0, sizeof *output);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, output, zanzo_png_fail, zanzo_png_warn);
    if (!png) {
        if (!output->message[0]) strcpy(output->message, "out of memory");
        return 0;
    }
    png_infop info = png_create_info_struct(png);
    if (!info || setjmp(png_jmpbuf(png))) {
        if (!output->message[0]) strcpy(output->message, "out of memory");
        png_destroy_write_struct(&png, &info);
        return 0;
    }
    png_set_write_fn(png, output, zanzo_png_append, zanzo_png_flush);
    png_set_IHDR(
        png, info, width, height, 8, channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, level);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, filters);
    png_write_info(png, info);
    for (uint32_t row = 0; row < height; row++) {
        png_write_row(png, pixels + (size_t)row * width * (size_t)channels);
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return 1;
}

// Reads a PNG's header from memory. Returns 1, or 0 with image->message set. libpng's simplified API keeps its own
// setjmp inside. After a 1, finish or free the image with one of the two calls below.
ZANZO_PNG_OUTLINE int zanzo_png_begin(const void *bytes, size_t count, png_image *image) {
    memset(image, 0, sizeof *image);
    image->version = PNG_IMAGE_VERSION;
    return png_image_begin_read_from_memory(image, bytes, count) != 0;
}

// Decodes the image to RGB (alpha over black) in `pixels` of width * height * 3 bytes; frees it either way.
ZANZO_PNG_OUTLINE int zanzo_png_finish(png_image *image, uint8_t *pixels) {
    png_color black = {0, 0, 0};
    image->format = PNG_FORMAT_RGB;
    return png_image_finish_read(image, &black, pixels, 0, NULL) != 0;
}

// Frees an image of which only the header was wanted.
ZANZO_PNG_OUTLINE void zanzo_png_free(png_image *image) { png_image_free(image); }
