// What Swift cannot see of V4L2's headers: VIDIOC_* are _IOR() macros, and ioctl() is variadic.
#pragma once

#include <libv4l2.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
