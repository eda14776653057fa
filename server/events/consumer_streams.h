#ifndef LATCHKEY_SERVER_EVENTS_CONSUMER_STREAMS_H_
#define LATCHKEY_SERVER_EVENTS_CONSUMER_STREAMS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/base/mutex.h"

namespace latchkey {

// Which stream uses each consumer: one at a time, the latest that asked. Thread-safe.
class ConsumerStreams {
 public:
  // Ends a stream. Must be quick, and must not call what it was given to.
  using End = std::function<void(const absl::Status&)>;

  // A stream's use of a consumer, until it is destroyed. Must not outlive the ConsumerStreams.
  class Claim {
   public:
    Claim() = default;
    ~Claim() { Release(); }
    Claim(Claim&& other) noexcept { *this = std::move(other); }
    Claim& operator=(Claim&& other) noexcept;

   private:
    friend class ConsumerStreams;
    Claim(ConsumerStreams& streams, std::string name, std::uint64_t id)
        : streams_(&streams), name_(std::move(name)), id_(id) {}
    void Release();

    ConsumerStreams* streams_ = nullptr;  // null: claims nothing
    std::string name_;
    std::uint64_t id_ = 0;
  };

  // Gives the consumer `name` to a stream, and ends the one that used it with ABORTED
  // (CONSUMER_TAKEN_OVER). `end` is not called any more once the claim is destroyed.
  Claim Take(absl::string_view name, End end);

  // Ends the stream that uses `name`, if one does.
  void EndStream(absl::string_view name, const absl::Status& status);

  // Whether a stream uses `name`.
  bool connected(absl::string_view name) const;

 private:
  struct Use {
    std::uint64_t id = 0;
    End end;
  };
  void Release(const std::string& name, std::uint64_t id);

  mutable Mutex mu_;  // held while a stream is ended, so that it is still there
  std::uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  absl::flat_hash_map<std::string, Use> uses_ ABSL_GUARDED_BY(mu_);
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_EVENTS_CONSUMER_STREAMS_H_
