"""A custodyd under test: its configuration, its process, and its log as values."""

import os
import re
import signal
import subprocess
import threading
import time

from support.stack import CUSTODYD
from support.waiting import WAIT_S, wait_for

_PAIR = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')


class LogLine(dict):
    """The pairs of one line of logfmt, unescaped."""

    def __init__(self, text):
        super().__init__((key, re.sub(r"\\(.)", r"\1", quoted) or plain) for key, quoted, plain in _PAIR.findall(text))
        self.text = text
        self.seen_at = time.monotonic()


class Daemon:
    def __init__(self, directory, name, environment, settings, roles=None):
        self.roles = roles
        self.path = directory / f"{name}.conf"
        # The environment wins over the file, which is where the tests say what they want.
        self.environment = {name: value for name, value in environment.items() if not name.startswith("CUSTODY_")}
        self.write_settings(settings)
        self.lines = []
        self.process = None

    def write_settings(self, settings):
        def word(value):
            return str(value) if isinstance(value, int) else '"%s"' % value

        self.settings = settings
        self.path.write_text("".join(f"{name} = {word(value)};\n" for name, value in settings.items()))

    def start(self, ready=True):
        since = len(self.lines)
        # Dies with this process, also by kill -9.
        roles = ["--role", self.roles] if self.roles else []
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", CUSTODYD, "--config", self.path, *roles], env=self.environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        if ready:
            self.wait_log("ready", since)
        return self

    def _read(self, stream):
        for line in stream:
            self.lines.append(LogLine(line.decode(errors="replace").rstrip("\n")))

    # ---- its log

    def events(self, event, since=0, **pairs):
        return [line for line in self.lines[since:] if line.get("event") == event and all(line.get(k) == v for k, v in pairs.items())]

    def wait_log(self, event, since=0, timeout_s=WAIT_S, **pairs):
        def look():
            found = self.events(event, since, **pairs)
            assert found or self.is_running(), f"custodyd ended before event={event}:\n{self.tail()}"
            return found

        return wait_for(lambda: f"event={event} {pairs}:\n{self.tail()}", look, timeout_s)[0]

    def tail(self, count=25):
        return "\n".join(line.text for line in self.lines[-count:])

    def counters(self):
        """The last statistics line."""
        return {key: int(value) for key, value in self.events("stats")[-1].items() if value.isdigit()}

    # ---- its life

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout_s=WAIT_S):
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"custodyd is still there after {timeout_s} s:\n{self.tail()}") from None
        self.reader.join(WAIT_S)
        return code

    def kill(self):
        if self.is_running():
            os.kill(self.process.pid, signal.SIGKILL)
        if self.process:
            self.wait()

    def stop(self):
        """Drains it, as a service manager does."""
        self.signal(signal.SIGTERM)
        code = self.wait()
        assert code == 0, f"exit {code}:\n{self.tail(60)}"
        assert self.events("drained"), self.tail()
