// Follows Latchkey's audit stream, over restarts of the server and of itself, verifies it, and
// prints each event once, as docs/audit.md says how; a kill between printing and keeping its state
// makes it print the last response's events again.
//
//   node consumer.mjs TARGET SECRET_FILE VERIFIER_KEY STATE_FILE UNTIL
//
// It ends once every event up to UNTIL is handled and proven.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { LogTree, openCheckpoint } from './log_tree.mjs';
import { retryDelayMillis } from './retry_info.mjs';

const [target, secretFile, verifierKey, stateFile, untilText] = process.argv.slice(2);
const until = Number(untilText);
const protos = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../proto');
const contract = 'latchkey/v1/audit_service.proto';

const { AuditService } = grpc.loadPackageDefinition(
  protoLoader.loadSync(contract, { includeDirs: [protos], longs: Number, enums: String, defaults: true, arrays: true }),
).latchkey.v1;
const types = new protobuf.Root();
types.resolvePath = (origin, file) =>
  fs.existsSync(path.join(protos, file)) ? path.join(protos, file) : file;
const Event = types.loadSync(contract).lookupType('latchkey.v1.Event');

// The position and the tree are kept together, and only after what they stand for was handled.
function load() {
  if (!fs.existsSync(stateFile)) return { position: 0, tree: new LogTree() };
  const { position, tree } = JSON.parse(fs.readFileSync(stateFile, 'utf8'));
  return { position, tree: new LogTree(tree.size, tree.parts) };
}
function save({ position, tree }) {
  fs.writeFileSync(`${stateFile}.new`, JSON.stringify({ position, tree }));
  fs.renameSync(`${stateFile}.new`, stateFile);
}

const heartbeatSeconds = 1;
// A stream that is silent for so long is taken for dead.
const patienceMillis = 3 * heartbeatSeconds * 1000;

const state = load();
let proven = 0;
let attempts = 0;

function handle(response) {
  for (const bytes of response.serializedEvents) {
    const event = Event.toObject(Event.decode(bytes), { longs: Number, enums: String });
    if (event.sequence <= state.position) continue; // came before the break
    if (event.sequence !== state.tree.size + 1) throw new Error(`event ${state.tree.size + 1} is missing`);
    state.tree.append(bytes);
    console.log(JSON.stringify({ sequence: event.sequence, action: event.action, actor: event.actor.principal }));
  }
  if (response.checkpoint) {
    const checkpoint = openCheckpoint(response.checkpoint, verifierKey);
    if (checkpoint.size === state.tree.size) {
      if (!checkpoint.root.equals(state.tree.root())) throw new Error('the log is not what was signed');
      proven = checkpoint.size;
    }
  }
  state.position = response.completeThrough;
  save(state);
}

function subscribe() {
  const client = new AuditService(target, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${fs.readFileSync(secretFile, 'utf8').trim()}`);
  const stream = client.Subscribe(
    {
      afterRevision: state.position,
      serialized: true,
      checkpoints: true,
      heartbeatInterval: { seconds: heartbeatSeconds },
    },
    metadata,
  );
  // Whichever of the three comes first: an error, an end without one, silence.
  let over = false;
  const again = (leastMillis = 0) => {
    if (over) return;
    over = true;
    clearTimeout(silence);
    client.close();
    attempts += 1;
    setTimeout(subscribe, Math.max(Math.min(50 * 2 ** attempts, 2000), leastMillis));
  };
  const giveUp = () => {
    stream.cancel();
    again();
  };
  let silence = setTimeout(giveUp, patienceMillis);
  stream.on('data', (response) => {
    if (over) return;
    clearTimeout(silence);
    silence = setTimeout(giveUp, patienceMillis);
    attempts = 0;
    try {
      handle(response);
    } catch (error) {
      console.error(error.message);
      process.exit(1);
    }
    if (proven >= until) process.exit(0);
  });
  stream.on('end', () => again());
  stream.on('error', (error) => {
    if (over) return;
    const { UNAVAILABLE, CANCELLED, UNKNOWN, INTERNAL, RESOURCE_EXHAUSTED } = grpc.status;
    const heals = [UNAVAILABLE, CANCELLED, UNKNOWN, INTERNAL, RESOURCE_EXHAUSTED];
    if (!heals.includes(error.code)) {
      console.error(error.message);
      process.exit(1);
    }
    again(error.code === RESOURCE_EXHAUSTED ? retryDelayMillis(error) : 0);
  });
}

subscribe();
