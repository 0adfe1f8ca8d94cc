#!/bin/bash
# Kafka's own script, as far as users of the official image rely on it.
exec java -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '/opt/kafka/libs/*' kafka.tools.StorageTool "$@"
