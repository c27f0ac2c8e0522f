"""Waits with a deadline, so that a test that waits for what never comes fails and says for what."""

import time

WAIT_S = 15


def wait_for(what, look, timeout_s=WAIT_S, pause_s=0.01):
    """What look() answers as soon as that is true."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = look()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what() if callable(what) else what}"
        time.sleep(pause_s)
