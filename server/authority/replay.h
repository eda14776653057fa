#ifndef LATCHKEY_SERVER_AUTHORITY_REPLAY_H_
#define LATCHKEY_SERVER_AUTHORITY_REPLAY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"
#include "server/authority/mutation.h"

namespace latchkey {

// Returns 32 bytes that tell requests of different content apart.
std::string FingerprintOf(const google::protobuf::MessageLite& request,
                          absl::string_view request_id);

// The answer to one request id (promise 9): found again for a limited time, secret included, while
// the store holds only the id's hash and the answer sealed under a key derived from the id.
// Used by the sequencer's thread; lives for one command.
class Replay {
 public:
  // `request_id` is a random UUID.
  Replay(Mutation& mutation, absl::string_view method, absl::string_view principal,
         std::string request_id, std::string fingerprint);

  // Hexadecimal, for the event.
  std::string hash_text() const;

  // Returns whether there is an answer, and parses it into `response`.
  // INVALID_ARGUMENT: the id was used for another method or another content.
  // UNAUTHENTICATED, PERMISSION_DENIED: the caller lost the right to call at all since.
  absl::StatusOr<bool> Find(google::protobuf::MessageLite& response);

  // Keeps `response` for `window`.
  absl::Status Keep(const google::protobuf::MessageLite& response, absl::Duration window);

 private:
  Mutation& mutation_;
  const std::string method_;
  const bool bearer_;
  const std::string request_id_;
  const std::string fingerprint_;
  const std::string hash_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_REPLAY_H_
