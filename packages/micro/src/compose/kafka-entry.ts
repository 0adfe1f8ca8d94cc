/** Services of the platform connect here. */
const INSIDE_PORT = 9092;

/**
 * Kafka tells each client by which address it gets events, depending on the port that the client came by. So this
 * machine comes by another port than containers do.
 */
export const KAFKA_OUTSIDE_PORT = 9094;

/** The variable with the port of this machine that leads to {@link KAFKA_OUTSIDE_PORT}. */
export const KAFKA_OUTSIDE_VARIABLE = 'KAFKA_OUTSIDE_PORT';

/** Of a single server. What is here only has to stay the same. */
const CLUSTER = 'b3JnLW1pY3JvLWthZmthIQ';

const LOG = `rootLogger.level=WARN
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %m (%c)%n`;

/** For Kafka's own commands in the container. */
const CLIENT = `security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=$login`;

/** A server that is also its own controller. Changes are a person's to make in the entry. */
const settings = (name: string): string => `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:9093
listeners=INSIDE://:${INSIDE_PORT},OUTSIDE://:${KAFKA_OUTSIDE_PORT},CONTROLLER://127.0.0.1:9093
advertised.listeners=INSIDE://${name}:${INSIDE_PORT},OUTSIDE://127.0.0.1:\${${KAFKA_OUTSIDE_VARIABLE}:-${KAFKA_OUTSIDE_PORT}}
listener.security.protocol.map=INSIDE:SASL_PLAINTEXT,OUTSIDE:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=INSIDE
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.inside.plain.sasl.jaas.config=$login
listener.name.outside.plain.sasl.jaas.config=$login
log.dirs=/var/lib/kafka/data
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
# Otherwise events are confirmed before the disk has them.
log.flush.interval.messages=1
# A stopped service goes on where it was. Longer than topics keep events, which is 7 days.
offsets.retention.minutes=43200
# How soon another process gets the events of one that was killed.
group.consumer.session.timeout.ms=15000
group.consumer.min.session.timeout.ms=15000`;

/**
 * The script that starts Kafka. The password is in a file, because an argument would show in every process list. What
 * Kafka logs goes to the container's log, not to files.
 */
export function kafkaScript(name: string): string {
  return `login="org.apache.kafka.common.security.plain.PlainLoginModule required username=\\"$KAFKA_USER\\" password=\\"$KAFKA_PASSWORD\\" user_$KAFKA_USER=\\"$KAFKA_PASSWORD\\";"
cat > /tmp/server.properties <<END
${settings(name)}
END
cat > /tmp/log4j2.properties <<END
${LOG}
END
cat > /tmp/client.properties <<END
${CLIENT}
END
export LOG_DIR=/tmp EXTRA_ARGS= KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=/tmp/log4j2.properties
export KAFKA_HEAP_OPTS="\${KAFKA_HEAP_OPTS:--Xms512m -Xmx512m}"
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id ${CLUSTER} --config /tmp/server.properties
exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties`;
}
