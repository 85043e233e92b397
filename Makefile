# Zanzo's commands. `make demo` shows it working, `make test` checks it, `make help` lists the rest.

SWIFT   ?= swift
PREFIX  ?= /usr
# Configuration lives in /etc also for PREFIX=/usr/local, where Debian's own rules put it.
SYSCONFDIR ?= /etc
DESTDIR ?=
# A small model for checks that need any model at all.
MODEL   ?= $(firstword $(wildcard config/demo.safetensors Sources/*/Resources/demo.safetensors) config/demo.safetensors)

# Debian's packages: to build and run; to test against a real RTSP server; to measure beside peers; for the VM; for
# 64-bit ARM; for AVX-512 on a CPU without.
DEPS       ?= libv4l-dev libavformat-dev libavcodec-dev libavutil-dev libswscale-dev libpng-dev libsystemd-dev libyaml-dev
DEPS_TEST  ?= ffmpeg socat jq python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad \
              gstreamer1.0-plugins-ugly
DEPS_BENCH ?= ffmpeg motion python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good \
              gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
DEPS_VM    ?= mmdebstrap e2fsprogs qemu-system-x86
DEPS_EMULATED ?= libsimde-dev
DEPS_NEON  ?= gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

# A Python with torch, onnx, onnxruntime, openvino, safetensors, numpy and pillow, for the network's step beside its peers.
PEERS_PYTHON ?=

# The Swift runtime is linked in, so that the installed programs run on a box without Swift. What stays shared is
# Debian's: libav, libpng, libyaml, libsystemd, libv4l.
RELEASE := -c release --static-swift-stdlib
BUILT   := .build/release

.PHONY: help demo build test test-unit test-disk test-neon test-emulated test-sanitize test-threads test-vm \
        bench-peers bench-step demo-model reference-model deps deps-test \
        format lint install uninstall clean

help:
	@echo 'make demo         install what is missing, build, and watch a synthetic camera find its anomalies (2 minutes)'
	@echo 'make test         every check but those below: a VM, a full disk, other CPUs, sanitizers, peers'
	@echo 'make build        release build, in $(BUILT)'
	@echo 'make install      DESTDIR= PREFIX=/usr; make uninstall takes it back but for configuration and recordings'
	@echo 'make test-vm      real unit, real systemd and V4L2 test cameras in an emulated VM (about 5 minutes)'
	@echo 'make test-disk    the journal on a real file system that is full (8 MiB of memory; no root needed)'
	@echo 'make test-neon    the kernels for 64-bit ARM, on emulated CPUs (1 minute)'
	@echo 'make test-emulated  the AVX-512 and VNNI kernels, on CPUs without them (2 minutes)'
	@echo 'make test-sanitize  kernels, models, capture under AddressSanitizer and UndefinedBehaviorSanitizer (10 minutes)'
	@echo 'make test-threads  everything with threads under ThreadSanitizer (20 minutes)'
	@echo 'make bench-peers  CPU beside ffmpeg and Motion, memory, latency, 16 cameras: a table (about 13 minutes)'
	@echo 'make bench-step   the network beside ONNX Runtime, OpenVINO and PyTorch, in PEERS_PYTHON= (4 minutes)'
	@echo 'make demo-model   train the demo model anew (about an hour)'
	@echo 'make reference-model CLIPS=DIR  train the article'"'"'s network by its recipe on strips or videos (hours)'
	@echo 'make format, make lint, make clean'

deps:
	@$(if $(strip $(DEPS)),packaging/need-packages $(DEPS))
	@command -v $(firstword $(SWIFT)) >/dev/null || \
	    { echo 'Swift 6.3 or newer is missing: see https://www.swift.org/install/linux/' >&2; exit 1; }

deps-test: deps
	@$(if $(strip $(DEPS_TEST)),packaging/need-packages $(DEPS_TEST))

build: deps
	$(SWIFT) build $(RELEASE)

demo: build
	$(BUILT)/zanzo demo

# The unit tests come last: their runner's summary is the last that is printed.
test: deps-test
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --disable-xctest

test-unit: deps
	$(SWIFT) test --disable-xctest

test-disk: deps
	$(SWIFT) build --build-tests
	SWIFT='$(SWIFT)' Tests/Lab/test-disk.sh

test-vm: build
	@$(if $(strip $(DEPS_VM)),packaging/need-packages $(DEPS_VM))
	MODEL=$(MODEL) Tests/Lab/test-vm.sh

# BENCH_FLAGS='--only memory,cameras', --quick, --json FILE …: see Tests/Bench/bench_peers.py --help.
bench-peers: build
	@$(if $(strip $(DEPS_BENCH)),packaging/need-packages $(DEPS_BENCH))
	PEERS_PYTHON='$(PEERS_PYTHON)' Tests/Bench/bench_peers.py $(BENCH_FLAGS)

# BENCH_FLAGS='--model FILE', --train, --rounds 9 …
bench-step: build
	PEERS_PYTHON='$(PEERS_PYTHON)' Tests/Bench/bench_peers.py --only step $(BENCH_FLAGS)

test-threads: deps
	SWIFT='$(SWIFT)' Tests/Lab/test-threads.sh

test-sanitize: deps
	SWIFT='$(SWIFT)' Tests/Lab/test-sanitize.sh

test-neon: deps
	@$(if $(strip $(DEPS_NEON)),packaging/need-packages $(DEPS_NEON))
	Tests/Neon/test-neon.sh

test-emulated: deps
	@$(if $(strip $(DEPS_EMULATED)),packaging/need-packages $(DEPS_EMULATED))
	Tests/Emulated/test-emulated.sh

# An hour of the synthetic camera's normal footage behind the frames that the demo plays; then the alarm line, on frames that
# are later still. The same bits on the same machine; 47 minutes of one busy core of an AMD Zen 3.
STREET = synthetic:street?seed=7&rate=15&size=640x480
demo-model: build
	rm -rf .build/demo.training .build/demo.safetensors*
	$(BUILT)/zanzo train '$(STREET)' --record 1h --rate 15 --skip 3000 --iterations 16000 --strips-at 0,1000,4000,16000 \
	    --out .build/demo.safetensors
	$(BUILT)/zanzo calibrate .build/demo.safetensors '$(STREET)' --skip 60000 --frames 9000 --rate 15 \
	    --score tiles:4x8 --alerts-per-day 2
	cp .build/demo.safetensors config/demo.safetensors

# The article's network by the article's recipe, 10,000 steps over a folder of clips, one file each: 18 MB, not in git.
# A run that is finished (status 73) is what was wanted; everything else that ends a training is an error.
CLIPS     ?=
REFERENCE ?= .build/reference.safetensors
reference-model: build
	@test -d '$(CLIPS)' || { echo 'Name the folder with the clips: make reference-model CLIPS=DIR' >&2; exit 1; }
	$(BUILT)/zanzo train '$(CLIPS)'/*.* --out $(REFERENCE) --recipe article --resume || \
	    { test $$? = 73 && echo '$(REFERENCE) is there already; remove it to train it anew.'; }

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests
	@for page in $(if $(shell command -v groff),man/*); do \
	    said=$$(groff -mdoc -Tutf8 -ww -z $$page 2>&1); test -z "$$said" || { echo "$$said" >&2; exit 1; }; \
	done

# Debug symbols stay in .build: the installed programs are stripped, less than half as large.
install:
	@test -x $(BUILT)/zanzod || { echo 'Run make build first (not as root).' >&2; exit 1; }
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d \
	    $(DESTDIR)$(PREFIX)/lib/tmpfiles.d $(DESTDIR)$(PREFIX)/share/doc/zanzo \
	    $(DESTDIR)$(SYSCONFDIR)/zanzo/cameras.d $(DESTDIR)$(SYSCONFDIR)/logrotate.d
	install -s -m 755 $(BUILT)/zanzod $(BUILT)/zanzo $(DESTDIR)$(PREFIX)/bin
	for unit in zanzod.service zanzod.socket; do \
	    sed 's,/usr/bin/zanzo,$(PREFIX)/bin/zanzo,g; s,/etc/zanzo,$(SYSCONFDIR)/zanzo,g' systemd/$$unit \
	        >$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit || exit 1; \
	done
	install -m 644 systemd/zanzo.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/zanzo.conf
	install -m 644 systemd/zanzo.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/zanzo.conf
	install -d $(DESTDIR)$(PREFIX)/share/zanzo
	install -m 644 config/demo.safetensors $(DESTDIR)$(PREFIX)/share/zanzo
	install -m 644 README.md CONTRIBUTING.md LICENSE config/zanzo.yaml $(DESTDIR)$(PREFIX)/share/doc/zanzo
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/zanzo/docs docs/*.md
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/zanzo/docs/clients docs/clients/subscribe.py
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/zanzo/docs/pictures docs/pictures/*.png
	for page in zanzo.1 zanzo.yaml.5 zanzod.8; do \
	    install -D -m 644 man/$$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page || exit 1; \
	done
	# What the administrator wrote stays: a configuration that is there is never overwritten.
	test -e $(DESTDIR)$(SYSCONFDIR)/zanzo/zanzo.yaml || \
	    install -m 644 config/zanzo.yaml $(DESTDIR)$(SYSCONFDIR)/zanzo/zanzo.yaml
	test -e $(DESTDIR)$(SYSCONFDIR)/logrotate.d/zanzo || \
	    install -m 644 systemd/zanzo.logrotate $(DESTDIR)$(SYSCONFDIR)/logrotate.d/zanzo
ifeq ($(DESTDIR),)
	systemd-sysusers && systemd-tmpfiles --create zanzo.conf
	if test -d /run/systemd/system; then systemctl daemon-reload; fi
	@echo 'Installed. Edit $(SYSCONFDIR)/zanzo/zanzo.yaml, then: systemctl enable --now zanzod'
endif

uninstall:
ifeq ($(DESTDIR),)
	if test -d /run/systemd/system; then systemctl disable --now zanzod.service zanzod.socket; fi
endif
	rm -f $(DESTDIR)$(PREFIX)/bin/zanzod $(DESTDIR)$(PREFIX)/bin/zanzo \
	    $(DESTDIR)$(PREFIX)/lib/systemd/system/zanzod.service $(DESTDIR)$(PREFIX)/lib/systemd/system/zanzod.socket \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/zanzo.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/zanzo.conf \
	    $(DESTDIR)$(SYSCONFDIR)/logrotate.d/zanzo $(DESTDIR)$(PREFIX)/share/man/man1/zanzo.1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5/zanzo.yaml.5 $(DESTDIR)$(PREFIX)/share/man/man8/zanzod.8
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/zanzo $(DESTDIR)$(PREFIX)/share/zanzo
ifeq ($(DESTDIR),)
	if test -d /run/systemd/system; then systemctl daemon-reload; fi
endif
	@echo 'Left in place: $(SYSCONFDIR)/zanzo, /var/lib/zanzo, /var/log/zanzo and the user zanzo.'

clean:
	$(SWIFT) package clean
	rm -rf .build-sanitized .build-threads
