// What a server's error says about when to come back.
import protobuf from 'protobufjs';

// The part of google.rpc that is needed of the details that gRPC sends beside an error.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message RetryInfo { Duration retry_delay = 1; }
`);
const Status = root.lookupType('Status');
const RetryInfo = root.lookupType('RetryInfo');

// Returns for how many milliseconds the error's RetryInfo asks to wait; 0 where it has none.
export function retryDelayMillis(error) {
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  if (!bytes) return 0;
  const retry = Status.decode(bytes).details.find(({ typeUrl }) =>
    typeUrl.endsWith('/google.rpc.RetryInfo'));
  if (!retry) return 0;
  const { retryDelay } = RetryInfo.decode(retry.value);
  return Number(retryDelay?.seconds ?? 0) * 1000 + (retryDelay?.nanos ?? 0) / 1e6;
}
