# Frames in each pixel format
plug
with_format() { configure <<<"door: {source: /dev/video0, pixel_format: $1}"; }
# delivers FORMAT SINCE: the daemon negotiated it after that point of the log, and scores its frames.
delivers() {
    check "$1: negotiated, as the log says" within $PATIENCE logged "door: online, $1 320x180" "$2"
    check "$1: online, frames in and scored" within $PATIENCE scores door
    check "$1: the driver delivers it" sh -c "v4l2-ctl -d /dev/video0 --get-fmt-video | grep -q \"'$1'\""
}
with_format YUYV
since=$(cursor)
check "the unit starts with a camera" systemctl start zanzod
delivers YUYV "$since"
for format in UYVY NV12 YU12 GREY RGB3; do
    with_format "$format"
    since=$(cursor)
    check "reload to $format" systemctl reload zanzod
    delivers "$format" "$since"
done
check "no frame was corrupt" refused camera door '(.frames.corrupt // 0) > 0'

# vivid makes no JPEG, so that format comes through the kernel's loopback device, from a real encoder.
loop() { v4l2-ctl -d /dev/video5 --get-fmt-video-out | grep -q "'MJPG'"; }
check "a camera that gives JPEG (v4l2loopback)" modprobe v4l2loopback video_nr=5 exclusive_caps=1
ffmpeg -nostdin -loglevel error -re -f lavfi -i testsrc2=size=320x180:rate=5 -c:v mjpeg -pix_fmt yuvj420p \
    -f v4l2 /dev/video5 &
encoder=$!
check "whose encoder runs" within 30 loop
configure <<<"door: {source: /dev/video5, pixel_format: MJPG}"
since=$(cursor)
check "reload to MJPG" systemctl reload zanzod
check "MJPG: negotiated, as the log says" within $PATIENCE logged "door: online, MJPG 320x180" "$since"
check "MJPG: online, frames in and scored" within $PATIENCE scores door
check "no JPEG was corrupt" refused camera door '(.frames.corrupt // 0) > 0'
kill "$encoder"
