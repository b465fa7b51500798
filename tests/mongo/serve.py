"""SecantusDB on a port of the loopback interface: `serve.py PORT FOLDER`. It ends when its standard input does, so it never
outlives the test that started it; where that gave no chance to clear up, it takes its folder along (`serve.py PORT FOLDER
alone`)."""

import os
import shutil
import sys
import threading

from secantus.cli import main

port, folder = sys.argv[1:3]


def end_with_input():
    sys.stdin.read()
    if sys.argv[3:] == ["alone"]:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
# Without --sync-on-commit what was acknowledged is lost with the process.
flags = ["--sync-on-commit", "--cache-size", "64M", "--enable-test-commands"]
sys.exit(main(["--host", "127.0.0.1", "--port", port, "--storage-path", folder, *flags]))
