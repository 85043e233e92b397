// What Swift cannot see of FFmpeg: AVERROR_* and AV_NOPTS_VALUE are function-like or cast macros.
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/hwcontext.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/sha.h>
#include <libswscale/swscale.h>

static const int ZANZO_AVERROR_EOF = AVERROR_EOF;
static const int ZANZO_AVERROR_EAGAIN = AVERROR(EAGAIN);
static const int ZANZO_AVERROR_EXIT = AVERROR_EXIT;
static const int ZANZO_AVERROR_INVALIDDATA = AVERROR_INVALIDDATA;
static const int ZANZO_AVERROR_DECODER_NOT_FOUND = AVERROR_DECODER_NOT_FOUND;
static const int ZANZO_AVERROR_DEMUXER_NOT_FOUND = AVERROR_DEMUXER_NOT_FOUND;
static const int ZANZO_AVERROR_PROTOCOL_NOT_FOUND = AVERROR_PROTOCOL_NOT_FOUND;
static const int ZANZO_AVERROR_PATCHWELCOME = AVERROR_PATCHWELCOME;
static const int ZANZO_AVERROR_HTTP_BAD_REQUEST = AVERROR_HTTP_BAD_REQUEST;
static const int ZANZO_AVERROR_HTTP_UNAUTHORIZED = AVERROR_HTTP_UNAUTHORIZED;
static const int ZANZO_AVERROR_HTTP_FORBIDDEN = AVERROR_HTTP_FORBIDDEN;
static const int ZANZO_AVERROR_HTTP_NOT_FOUND = AVERROR_HTTP_NOT_FOUND;
static const int ZANZO_AVERROR_HTTP_OTHER_4XX = AVERROR_HTTP_OTHER_4XX;
static const int ZANZO_AVERROR_HTTP_SERVER_ERROR = AVERROR_HTTP_SERVER_ERROR;
static const int64_t ZANZO_AV_NOPTS_VALUE = AV_NOPTS_VALUE;
