#!/bin/bash
# Kafka's own script, as far as users of the official image rely on it.
exec java ${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G} $KAFKA_LOG4J_OPTS -cp '/opt/kafka/libs/*' kafka.Kafka "$@"
