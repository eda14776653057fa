// How a LogVerifier holds what it has against a checkpoint.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/log_verifier.h"
#include "server/base/status_macros.h"
#include "storage/merkle/proof.h"

namespace latchkey {
namespace {

std::string Hex(const merkle::Hash& hash) { return absl::BytesToHexString(merkle::AsBytes(hash)); }

}  // namespace

std::string LogVerifier::Describe(const merkle::Checkpoint& checkpoint) {
  return absl::StrCat("the checkpoint of ", checkpoint.size, " events with the root ",
                      Hex(checkpoint.root));
}

absl::Status LogVerifier::CheckTrusted(const merkle::Checkpoint& checkpoint,
                                       absl::string_view note) {
  if (trusted_.size == 0) return absl::OkStatus();
  // An older one than the trusted may come late, and must be of the same log.
  const bool is_older = checkpoint.size < trusted_.size;
  const merkle::Checkpoint& earlier = is_older ? checkpoint : trusted_;
  const merkle::Checkpoint& later = is_older ? trusted_ : checkpoint;
  LATCHKEY_ASSIGN_OR_RETURN(const bool extends, Extends(earlier, later));
  if (extends) return absl::OkStatus();
  rejected_note_ = std::string(note);
  // Of one size they cannot both be right, which anybody sees; else it takes the server's proof,
  // and there is none that holds.
  const absl::string_view evidence =
      later.size == earlier.size ? "; keep both, the two signatures prove it"
                                 : "; keep both: one key signed them, and no proof joins them";
  return absl::DataLossError(absl::StrCat("the log was rewritten: ", Describe(later),
                                          " does not extend ", Describe(earlier), evidence));
}

absl::Status LogVerifier::WithEvidence(const absl::Status& found) {
  if (!absl::IsDataLoss(found) || trusted_.size == 0) return found;
  const absl::StatusOr<std::string> note = proofs_->NewestCheckpoint();
  if (!note.ok()) return found;
  const absl::StatusOr<merkle::Checkpoint> newest = merkle::OpenCheckpoint(key_, *note);
  // Of one that is shorter nothing can be proven.
  if (!newest.ok() || newest->size < trusted_.size) return found;
  const absl::Status signed_too = CheckTrusted(*newest, *note);
  if (rejected_note_.empty()) return found;
  return absl::DataLossError(absl::StrCat(
      found.message(), ". What the server signs now says so too: ", signed_too.message()));
}

absl::StatusOr<bool> LogVerifier::Extends(const merkle::Checkpoint& earlier,
                                          const merkle::Checkpoint& later) {
  if (earlier.size == later.size && earlier.root == later.root) return true;
  std::vector<merkle::Hash> path;
  if (earlier.size > 0 && earlier.size < later.size) {
    absl::StatusOr<std::vector<merkle::Hash>> proof =
        proofs_->ProveConsistency(earlier.size, later.size);
    if (absl::IsOutOfRange(proof.status())) {
      return absl::DataLossError(absl::StrCat("the log was truncated: it has fewer than the ",
                                              later.size, " events of before"));
    }
    LATCHKEY_RETURN_IF_ERROR(proof.status());
    path = *std::move(proof);
  }
  return merkle::VerifyConsistency(earlier.size, later.size, earlier.root, later.root, path).ok();
}

absl::Status LogVerifier::CheckTree(const merkle::Checkpoint& checkpoint) {
  const merkle::Checkpoint here{checkpoint.origin, tree_.size(), tree_.Root()};
  LATCHKEY_ASSIGN_OR_RETURN(const bool same, here.size <= checkpoint.size
                                                 ? Extends(here, checkpoint)
                                                 : Extends(checkpoint, here));
  if (!same) return Explain(checkpoint);
  Proven(std::min(here.size, checkpoint.size));
  return absl::OkStatus();
}

absl::Status LogVerifier::CheckEach(const merkle::Checkpoint& checkpoint) {
  while (!pending_.empty() && pending_.front().sequence <= checkpoint.size) {
    LATCHKEY_RETURN_IF_ERROR(ExplainOne(pending_.front(), checkpoint));
    const std::uint64_t sequence = pending_.front().sequence;
    // What came again as something else is to be proven too.
    const bool is_last = pending_.size() == 1 || pending_[1].sequence != sequence;
    if (is_last) {
      Proven(sequence);
    } else {
      pending_.pop_front();
    }
  }
  return absl::OkStatus();
}

absl::Status LogVerifier::Explain(const merkle::Checkpoint& checkpoint) {
  // That the trees differ is certain; which event it is may be not to be had.
  for (const Pending& event : pending_) {
    if (event.sequence > checkpoint.size) break;
    absl::Status explained = ExplainOne(event, checkpoint);
    if (absl::IsDataLoss(explained)) return explained;
    if (!explained.ok()) break;
  }
  return absl::DataLossError(absl::StrCat("the log was rewritten: the tree of the events up to ",
                                          tree_.size(), " is not that of ", Describe(checkpoint)));
}

absl::Status LogVerifier::ExplainOne(const Pending& event, const merkle::Checkpoint& checkpoint) {
  absl::StatusOr<LogProofs::Inclusion> proof =
      proofs_->ProveInclusion(event.sequence, checkpoint.size);
  if (absl::IsOutOfRange(proof.status())) {
    return absl::DataLossError(
        absl::StrCat("the log was truncated: it has fewer events than ", Describe(checkpoint)));
  }
  LATCHKEY_RETURN_IF_ERROR(proof.status());
  const auto is_proven = [&](const merkle::Hash& leaf_hash) {
    return merkle::VerifyInclusion(leaf_hash, event.sequence - 1, checkpoint.size, proof->path,
                                   checkpoint.root)
        .ok();
  };
  if (is_proven(event.leaf_hash)) return absl::OkStatus();
  if (is_proven(proof->leaf_hash)) {
    return absl::DataLossError(absl::StrCat("event ", event.sequence, " was altered: its hash is ",
                                            Hex(event.leaf_hash), ", and ", Describe(checkpoint),
                                            " has ", Hex(proof->leaf_hash)));
  }
  return absl::DataLossError(absl::StrCat("event ", event.sequence,
                                          " is not proven: the log's tree", " was rewritten since ",
                                          Describe(checkpoint)));
}

void LogVerifier::Proven(std::uint64_t through) {
  while (!pending_.empty() && pending_.front().sequence <= through) {
    if (pending_.front().sequence > verified_through_) ++verified_count_;
    pending_.pop_front();
  }
  verified_through_ = std::max(verified_through_, through);
}

}  // namespace latchkey
