// A careful consumer in Node (mqtt, pg): batches, COPY BINARY, and PUBACK only after COMMIT.
//
// node_pg.js BROKER_SOCKET COUNT|prime|live [SECONDS]
// Stores topic and payload as they are, decodes nothing. The client sends a PUBACK as soon as a message was handled, so
// its method that sends packets is replaced by one that remembers PUBACKs.
'use strict';

const net = require('net');
const { once } = require('events');
const mqtt = require('mqtt');
const { Client } = require('pg');
const { from: copyFrom } = require('pg-copy-streams');

const BATCH_MAX = 20000;
const COPY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const COPY_TRAILER = Buffer.from([0xff, 0xff]);
const [, , broker, what, seconds] = process.argv;
const count = /^\d+$/.test(what) ? Number(what) : Infinity;

const held = []; // PUBACKs of what is not committed yet
let waiting = []; // messages of the next batch
let total = 0, firstBatch = 0, firstCommit = 0n, lastCommit = 0n;

const client = new mqtt.MqttClient(() => net.connect(broker), {
  protocolVersion: 5, clientId: 'node', username: 'custodyd', clean: false, keepalive: 600, reconnectPeriod: 0,
  properties: { sessionExpiryInterval: 86400, receiveMaximum: 65535 },
});
client.on('error', (error) => { console.error(`node_pg: ${error.message}`); process.exit(1); });

const send = client._sendPacket.bind(client);
client._sendPacket = (packet, done, ...rest) => {
  if (packet.cmd !== 'puback') return send(packet, done, ...rest);
  held.push(packet);
  return done && done();
};

function row(packet) {
  const topicBytes = Buffer.byteLength(packet.topic);
  const bytes = Buffer.allocUnsafe(10 + topicBytes + packet.payload.length);
  bytes.writeInt16BE(2, 0);
  bytes.writeInt32BE(topicBytes, 2);
  bytes.write(packet.topic, 6);
  bytes.writeInt32BE(packet.payload.length, 6 + topicBytes);
  packet.payload.copy(bytes, 10 + topicBytes);
  return bytes;
}

async function store(database, batch) {
  const copy = database.query(copyFrom('COPY peer (topic, payload) FROM STDIN (FORMAT binary)'));
  copy.end(Buffer.concat([COPY_HEADER, ...batch, COPY_TRAILER]));
  await once(copy, 'finish'); // the COPY is its own transaction
  lastCommit = process.hrtime.bigint();
  if (total === 0) [firstCommit, firstBatch] = [lastCommit, batch.length];
  total += batch.length;
}

// One batch after the other; what arrives while one is stored is the next.
async function run(database) {
  let arrived = () => {};
  client.on('message', (_topic, _payload, packet) => { waiting.push(row(packet)); arrived(); });
  const ended = Number(seconds) > 0 ? Date.now() + 1000 * Number(seconds) : Infinity;
  while (total < count && Date.now() < ended) {
    if (waiting.length === 0) {
      await new Promise((resolve) => { arrived = resolve; setTimeout(resolve, 100).unref(); });
      continue;
    }
    const batch = waiting.splice(0, BATCH_MAX), acknowledgements = held.splice(0, batch.length);
    await store(database, batch);
    client.stream.cork();
    for (const packet of acknowledgements) send(packet);
    client.stream.uncork();
  }
}

async function main() {
  if (what === 'prime') {
    await once(client, 'connect');
    await client.subscribeAsync('custody/v1/+/up/+', { qos: 1 });
    process.exit(0);
  }
  const database = new Client();
  await database.connect();
  const timer = setInterval(() => {}, 1000);
  await run(database);
  clearInterval(timer);
  const elapsed = Number(lastCommit - firstCommit) / 1e9;
  console.log(`messages ${total}\nmessages_per_s ${elapsed > 0 ? Math.round((total - firstBatch) / elapsed) : 0}`);
  client.stream.destroy();
  await database.end();
  process.exit(0);
}

main();
