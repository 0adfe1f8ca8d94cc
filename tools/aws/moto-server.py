"""moto's server, with one change to its SQS: what reads and writes messages takes turns.

By itself, a call that waits for messages keeps what it knew when it began. So it gets an event of a FIFO group while
another call has one of the same group, which AWS rules out
(findings/moto-fifo-group-to-two-waiting-calls.sh). And a message that is sent while another one is deleted may
be lost.
"""

import threading
import time

from moto.server import main
from moto.sqs.models import SQSBackend

turn = threading.RLock()


def in_turn(name):
    method = getattr(SQSBackend, name)

    def one_at_a_time(*args, **kwargs):
        with turn:
            return method(*args, **kwargs)

    setattr(SQSBackend, name, one_at_a_time)


for name in ("send_message", "delete_message", "change_message_visibility", "receive_message"):
    in_turn(name)

receive = SQSBackend.receive_message


def receive_message(self, queue_name, count, wait_seconds, *args, **kwargs):
    until = time.monotonic() + wait_seconds
    while True:
        messages = receive(self, queue_name, count, 0, *args, **kwargs)
        if messages or time.monotonic() >= until:
            return messages
        time.sleep(0.02)


SQSBackend.receive_message = receive_message

main()
