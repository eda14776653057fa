// That the delay a server asks for is read from the details of its error.
import assert from 'node:assert';
import grpc from '@grpc/grpc-js';
import { retryDelayMillis } from './retry_info.mjs';

// google.rpc.Status{details: [Any{type_url, RetryInfo{retry_delay: {seconds: 3, nanos: 500000000}}}]}
const field = (number, bytes) => Buffer.concat([Buffer.of((number << 3) | 2, bytes.length), bytes]);
const delay = Buffer.from([0x08, 3, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);
const any = (url) => field(3, Buffer.concat([field(1, Buffer.from(url)), field(2, field(1, delay))]));
const errorWith = (details) => {
  const metadata = new grpc.Metadata();
  if (details) metadata.set('grpc-status-details-bin', details);
  return { metadata };
};

const info = any('type.googleapis.com/google.rpc.ErrorInfo');
const retry = any('type.googleapis.com/google.rpc.RetryInfo');
assert.equal(retryDelayMillis(errorWith(Buffer.concat([info, retry]))), 3500);
assert.equal(retryDelayMillis(errorWith(info)), 0);
assert.equal(retryDelayMillis(errorWith()), 0);
