#!/usr/bin/env bash
# moto 5.2.5 (a simulated AWS), SQS: two calls that wait for messages of a FIFO queue get two messages of the same group at
# the same time. AWS gives out no message of a group while another one of it is in flight
# (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html). A call
# that waits keeps what it knew when it began, so it happens only with calls that wait (WaitTimeSeconds); two calls
# one after the other get one message. Tests of code that relies on the order of a group fail with moto by chance.
# Seen on 2026-11-29 with boto3 1.44.8. Needs Python 3.11 or later: ./moto-fifo-group-to-two-waiting-calls.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'moto[server,sqs]==5.2.5' 'boto3==1.44.8'
cat >"$folder/read.py" <<'EOF'
import threading, time
import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
_, port = server.get_host_and_port()

def client():
    return boto3.client(
        "sqs", region_name="eu-central-1", endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="test", aws_secret_access_key="test")

def queue(name):
    return client().create_queue(
        QueueName=f"{name}.fifo",
        Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "30"},
    )["QueueUrl"]

def receive(url, wait, into):
    got = client().receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=wait)
    into.extend(one["Body"] for one in got.get("Messages", []))

def send(url):
    for body in ("first", "second"):
        client().send_message(QueueUrl=url, MessageBody=body, MessageGroupId="order-1")

def waiting(round):
    url, got = queue(f"waiting-{round}"), []
    calls = [threading.Thread(target=receive, args=(url, 5, got)) for _ in range(2)]
    for call in calls: call.start()
    time.sleep(1)
    send(url)
    for call in calls: call.join()
    return sorted(got)

def in_turn():
    url, got = queue("in-turn"), []
    send(url)
    for _ in range(2): receive(url, 0, got)
    return got

waited = [waiting(round) for round in range(5)]
print("two calls that wait:", waited)
turn = in_turn()
print("two calls one after the other:", turn)
server.stop()
assert ["first", "second"] in waited
assert turn == ["first"]
EOF
"$folder/venv/bin/python" "$folder/read.py" 2>/dev/null
