// The verifying half of a consumer: RFC 6962's tree over the events' bytes, and signed checkpoints.
import crypto from 'node:crypto';

const sha256 = (...parts) => {
  const hash = crypto.createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leafHash = (bytes) => sha256(Buffer.of(0), bytes);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

// What of the tree is needed to append to it: the roots of its complete subtrees, largest first.
export class LogTree {
  constructor(size = 0, parts = []) {
    this.size = size;
    this.parts = parts.map((part) => Buffer.from(part, 'hex'));
  }

  append(eventBytes) {
    let hash = leafHash(eventBytes);
    // Each subtree that the new leaf completes takes in the one to its left.
    for (let n = this.size; n % 2 === 1; n = Math.floor(n / 2)) {
      hash = nodeHash(this.parts.pop(), hash);
    }
    this.parts.push(hash);
    this.size += 1;
  }

  root() {
    if (this.size === 0) return sha256();
    return this.parts.reduceRight((right, left) => (right ? nodeHash(left, right) : left), null);
  }

  toJSON() {
    return { size: this.size, parts: this.parts.map((part) => part.toString('hex')) };
  }
}

// Verifies a checkpoint, a C2SP signed note, with a C2SP verifier key; returns { size, root }.
export function openCheckpoint(note, verifierKey) {
  const [name, idHex, ...rest] = verifierKey.split('+');
  const keyBytes = Buffer.from(rest.join('+'), 'base64');
  if (keyBytes.length !== 33 || keyBytes[0] !== 1) throw new Error('no Ed25519 verifier key');
  const id = sha256(name, '\n', keyBytes).subarray(0, 4);
  if (id.toString('hex') !== idHex) throw new Error('the key id is not that of the key');
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  const line = note
    .slice(split + 2)
    .split('\n')
    .find((candidate) => candidate.startsWith(`\u2014 ${name} `));
  if (!line) throw new Error(`the checkpoint is not signed by ${name}`);
  const signature = Buffer.from(line.split(' ')[2], 'base64');
  // The fixed head of an Ed25519 public key in DER (RFC 8410, section 4).
  const key = crypto.createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), keyBytes.subarray(1)]),
    format: 'der',
    type: 'spki',
  });
  const signed = signature.subarray(0, 4).equals(id) &&
    crypto.verify(null, Buffer.from(text), key, signature.subarray(4));
  if (!signed) throw new Error('the signature of the checkpoint is not good');
  const [origin, size, root] = text.split('\n');
  if (origin !== name) throw new Error(`the checkpoint is of ${origin}`);
  return { size: Number(size), root: Buffer.from(root, 'base64') };
}
