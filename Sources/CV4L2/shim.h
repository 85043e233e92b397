// What Swift cannot see of V4L2's headers: VIDIOC_* are _IOR() macros, and ioctl() is variadic. libv4lconvert is the
// converter behind libv4l2; we stream ourselves and need nothing else of it.
#pragma once

#include <libv4lconvert.h>
#include <linux/videodev2.h>
#include <stdint.h>
#include <sys/ioctl.h>

static const unsigned long ZANZO_VIDIOC_QUERYCAP = VIDIOC_QUERYCAP;
static const unsigned long ZANZO_VIDIOC_ENUM_FMT = VIDIOC_ENUM_FMT;
static const unsigned long ZANZO_VIDIOC_ENUM_FRAMESIZES = VIDIOC_ENUM_FRAMESIZES;
static const unsigned long ZANZO_VIDIOC_ENUM_FRAMEINTERVALS = VIDIOC_ENUM_FRAMEINTERVALS;
static const unsigned long ZANZO_VIDIOC_G_FMT = VIDIOC_G_FMT;
static const unsigned long ZANZO_VIDIOC_S_FMT = VIDIOC_S_FMT;
static const unsigned long ZANZO_VIDIOC_G_PARM = VIDIOC_G_PARM;
static const unsigned long ZANZO_VIDIOC_S_PARM = VIDIOC_S_PARM;
static const unsigned long ZANZO_VIDIOC_REQBUFS = VIDIOC_REQBUFS;
static const unsigned long ZANZO_VIDIOC_QUERYBUF = VIDIOC_QUERYBUF;
static const unsigned long ZANZO_VIDIOC_QBUF = VIDIOC_QBUF;
static const unsigned long ZANZO_VIDIOC_DQBUF = VIDIOC_DQBUF;
static const unsigned long ZANZO_VIDIOC_STREAMON = VIDIOC_STREAMON;
static const unsigned long ZANZO_VIDIOC_STREAMOFF = VIDIOC_STREAMOFF;

/// ioctl(2) with a pointer for its argument.
static inline int zanzo_ioctl(int descriptor, unsigned long request, void *argument) {
    return ioctl(descriptor, request, argument);
}

/// A buffer's time stamp in nanoseconds; 0 for what no clock can show (a driver's word is not trusted).
static inline int64_t zanzo_buffer_nanoseconds(const struct v4l2_buffer *buffer) {
    int64_t seconds = buffer->timestamp.tv_sec, microseconds = buffer->timestamp.tv_usec;
    if (seconds < 0 || seconds > 4000000000 || microseconds < 0 || microseconds > 999999) return 0;
    return seconds * 1000000000 + microseconds * 1000;
}
