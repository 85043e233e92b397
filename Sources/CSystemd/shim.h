// sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). The printf-like sd_notifyf is left out: Swift builds strings.
#pragma once

#include <systemd/sd-daemon.h>
