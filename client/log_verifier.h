#ifndef LATCHKEY_CLIENT_LOG_VERIFIER_H_
#define LATCHKEY_CLIENT_LOG_VERIFIER_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/log_proofs.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/merkle_tree.h"
#include "storage/merkle/signed_note.h"

namespace latchkey {

// Verifies the audit log while it is read: hashes each event's canonical bytes, holds them against
// signed checkpoints, and each checkpoint against the one that was trusted before
// (docs/audit_proofs.md). What was altered, removed, put in another order or rewritten since, on
// disk or on the way, is found; an event that was never committed cannot be.
//
// Of a stream that selects every event it needs no more than the checkpoints; of another it asks
// for a proof for each event.
//
// Every method but the getters returns DATA_LOSS where the log is not what it was or not what was
// signed, with a message that says exactly what, and then returns the same for ever; and whatever
// error LogProofs returns, after which it may be called again. Used by one thread.
class LogVerifier {
 public:
  // `verifier_key` is what GetCheckpoint gave once, over a channel that was trusted. `trusted` is
  // what trusted_checkpoint() returned in an earlier life; empty: begin to trust with the first.
  // `proofs` must outlive it. INVALID_ARGUMENT: that is no key, or no checkpoint of this key.
  static absl::StatusOr<LogVerifier> Create(LogProofs& proofs, absl::string_view verifier_key,
                                            absl::string_view trusted);

  // Says what Add() will get: the events after `after`, every one of them, or those that a filter
  // selects. Before the first Add(), and again after each break in the stream: what was added and
  // not committed then comes again and is forgotten; what was committed is still to be proven.
  absl::Status Begin(std::uint64_t after, bool every_event);

  // Takes the next event, as its canonical bytes.
  absl::Status Add(std::uint64_t sequence, absl::string_view event);

  // Takes that no event up to `through` is still to come: DATA_LOSS where every event was to.
  absl::Status Complete(std::uint64_t through);

  // Says that what was added was handed on to whoever the log is read for.
  void Commit();

  // Holds what was added against a checkpoint, and that against the trusted one, and trusts it.
  absl::Status Check(absl::string_view checkpoint);
  // The same with the server's newest checkpoint, of no less than what was trusted or sent before.
  // Then every event that was added is proven.
  absl::Status CheckNow();

  // Every event that was added up to here is proven to be in the log of the trusted checkpoint. It
  // never moves past one that is not.
  std::uint64_t verified_through() const { return verified_through_; }
  // How many events were proven.
  std::uint64_t verified_count() const { return verified_count_; }
  // The latest checkpoint that was verified, to be kept for the next life; empty before the first.
  const std::string& trusted_checkpoint() const { return trusted_note_; }
  // Its size; 0 before the first.
  std::uint64_t trusted_size() const { return trusted_.size; }
  // The signed checkpoint that contradicts the trusted one, which is evidence together with it;
  // empty where there is none. A log that is only shorter than it was contradicts nothing.
  const std::string& rejected_checkpoint() const { return rejected_note_; }

 private:
  struct Pending {
    std::uint64_t sequence;
    merkle::Hash leaf_hash;
  };

  LogVerifier(LogProofs& proofs, merkle::NoteVerifier key)
      : proofs_(&proofs), key_(std::move(key)) {}

  static std::string Describe(const merkle::Checkpoint& checkpoint);
  absl::Status Fail(const absl::Status& status);
  // Goes on after a break, where what is known of the events up to `after` is enough to.
  bool Resume(std::uint64_t after);
  // Drops what was added after `sequence` and is not proven.
  void Forget(std::uint64_t sequence);
  // Returns the tree of the first `size` events, from the log's proof of the last of them.
  absl::StatusOr<merkle::Frontier> TreeAt(std::uint64_t size);
  absl::Status AppendToTree(const merkle::Hash& leaf_hash);
  absl::StatusOr<merkle::Checkpoint> Open(absl::string_view note);
  absl::Status CheckNotTruncated(const merkle::Checkpoint& newest) const;
  absl::Status Trust(const merkle::Checkpoint& checkpoint, absl::string_view note);
  // Returns whether two sizes of the log are one log. DATA_LOSS: the log is shorter than the later.
  absl::StatusOr<bool> Extends(const merkle::Checkpoint& earlier, const merkle::Checkpoint& later);
  // Holds a signed checkpoint against the trusted one, and keeps one that contradicts it.
  absl::Status CheckTrusted(const merkle::Checkpoint& checkpoint, absl::string_view note);
  // Returns what was found, and what the server's newest checkpoint, which it signs, says to it.
  absl::Status WithEvidence(const absl::Status& found);
  absl::Status CheckTree(const merkle::Checkpoint& checkpoint);
  absl::Status CheckEach(const merkle::Checkpoint& checkpoint);
  // Finds which of the pending events are not those of the log, once their tree is not.
  absl::Status Explain(const merkle::Checkpoint& checkpoint);
  absl::Status ExplainOne(const Pending& event, const merkle::Checkpoint& checkpoint);
  void Proven(std::uint64_t through);

  LogProofs* proofs_;
  merkle::NoteVerifier key_;
  absl::Status failed_;
  bool begun_ = false;
  bool every_event_ = false;
  merkle::Frontier tree_;        // of every event up to the last added one
  std::deque<Pending> pending_;  // added and not proven yet, by sequence
  std::uint64_t last_added_ = 0;
  // The two as they were when what was added was handed on.
  merkle::Frontier committed_tree_;
  std::uint64_t committed_ = 0;
  std::uint64_t verified_through_ = 0;
  std::uint64_t verified_count_ = 0;
  merkle::Checkpoint trusted_;  // size 0: none
  std::string trusted_note_;
  std::string rejected_note_;
};

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_LOG_VERIFIER_H_
