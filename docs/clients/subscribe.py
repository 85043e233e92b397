#!/usr/bin/env python3
"""Follow Zanzo's events; reconnects, and resumes where it was: subscribe.py [SOCKET]"""
import json, socket, sys, time
path, after = sys.argv[1] if len(sys.argv) > 1 else "/run/zanzo/events.sock", None
while True:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            wish = {"types": ["anomaly"]} | ({"after": after} if after else {})
            client.sendall(json.dumps({"subscribe": wish}).encode() + b"\n")
            for line in client.makefile():
                event = json.loads(line)
                if "sequence" in event:
                    after = event["sequence"]
                    print(event["time"], event["type"], event["data"].get("score"), flush=True)
                elif "error" in event:
                    print(event["error"], file=sys.stderr)
    except (OSError, ValueError) as error:  # ValueError: a line that the end of the connection cut
        print(error, file=sys.stderr)
    time.sleep(1)
