# Frames in each pixel format
plug
with_format() { configure <<<"door: {source: /dev/video0, pixel_format: $1}"; }
with_format YUYV
check "the unit starts with a camera" systemctl start zanzod
for format in YUYV NV12 GREY; do
    with_format "$format"
    since=$(cursor)
    check "reload to $format" systemctl reload zanzod
    check "$format: negotiated, as the log says" within $PATIENCE logged "$format.*320x180|320x180.*$format" "$since"
    check "$format: online, frames in and scored" within $PATIENCE scores door
    check "$format: the driver delivers it" sh -c "v4l2-ctl -d /dev/video0 --get-fmt-video | grep -q \"'$format'\""
done
check "no frame was corrupt" refused camera door '(.frames.corrupt // 0) > 0'
