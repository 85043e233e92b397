// What Swift cannot see of FFmpeg's headers: AVERROR_* are function-like or cast macros.
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/sha.h>
#include <libswscale/swscale.h>

static const int ZANZO_AVERROR_EOF = AVERROR_EOF;
static const int ZANZO_AVERROR_EAGAIN = AVERROR(EAGAIN);
static const int ZANZO_AVERROR_EXIT = AVERROR_EXIT;
static const int64_t ZANZO_AV_NOPTS_VALUE = AV_NOPTS_VALUE;
