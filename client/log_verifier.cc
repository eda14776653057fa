#include "client/log_verifier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "storage/merkle/proof.h"

namespace latchkey {
namespace {

// So many events wait for a checkpoint at most; then one is asked for.
constexpr std::size_t kMaxPending = 65536;

std::string Hex(const merkle::Hash& hash) { return absl::BytesToHexString(merkle::AsBytes(hash)); }

std::string Describe(const merkle::Checkpoint& checkpoint) {
  return absl::StrCat("the checkpoint of ", checkpoint.size, " events with the root ",
                      Hex(checkpoint.root));
}

}  // namespace

absl::StatusOr<LogVerifier> LogVerifier::Create(LogProofs& proofs, absl::string_view verifier_key,
                                                absl::string_view trusted) {
  LATCHKEY_ASSIGN_OR_RETURN(merkle::NoteVerifier key, merkle::NoteVerifier::Parse(verifier_key));
  LogVerifier verifier(proofs, std::move(key));
  if (trusted.empty()) return verifier;
  absl::StatusOr<merkle::Checkpoint> checkpoint = merkle::OpenCheckpoint(verifier.key_, trusted);
  if (!checkpoint.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("what was trusted before is no checkpoint of ",
                                                   verifier.key_.name(), ": ",
                                                   checkpoint.status().message()));
  }
  verifier.trusted_ = *std::move(checkpoint);
  verifier.trusted_note_ = std::string(trusted);
  return verifier;
}

absl::Status LogVerifier::Fail(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kDataLoss) failed_ = status;
  return status;
}

absl::Status LogVerifier::Begin(std::uint64_t after, bool every_event) {
  LATCHKEY_RETURN_IF_ERROR(failed_);
  const bool goes_on = every_event && every_event_ && tree_.size() == after && after > 0;
  every_event_ = every_event;
  if (goes_on) return absl::OkStatus();
  pending_.clear();
  last_added_ = after;
  verified_through_ = after;
  tree_ = merkle::Frontier();
  return every_event ? Fail(BeginTree(after)) : absl::OkStatus();
}

absl::Status LogVerifier::BeginTree(std::uint64_t size) {
  if (size == 0) return absl::OkStatus();
  absl::StatusOr<LogProofs::Inclusion> last = proofs_->ProveInclusion(size, size);
  if (absl::IsOutOfRange(last.status()) && trusted_.size >= size) {
    return absl::DataLossError(absl::StrCat("the log was truncated: it has no event ", size,
                                            " any more, and ", Describe(trusted_), " covers it"));
  }
  LATCHKEY_RETURN_IF_ERROR(last.status());
  // The audit path of the last leaf is the complete subtrees to its left, the smallest first.
  std::reverse(last->path.begin(), last->path.end());
  std::optional<merkle::Frontier> tree =
      merkle::Frontier::FromParts(size - 1, std::move(last->path));
  if (!tree.has_value()) {
    return absl::DataLossError(
        absl::StrCat("the log's proof of event ", size, " is none: it has the wrong length"));
  }
  tree_ = *std::move(tree);
  tree_.Append(last->leaf_hash);
  if (trusted_.size == 0) return absl::OkStatus();
  const merkle::Checkpoint here{trusted_.origin, size, tree_.Root()};
  return size <= trusted_.size ? CheckExtends(here, trusted_) : CheckExtends(trusted_, here);
}

absl::Status LogVerifier::Add(std::uint64_t sequence, absl::string_view event) {
  LATCHKEY_RETURN_IF_ERROR(failed_);
  if (sequence <= last_added_) {
    return Fail(absl::DataLossError(absl::StrCat("event ", sequence, " came after event ",
                                                 last_added_, ": the log is not in order")));
  }
  if (every_event_ && sequence != last_added_ + 1) {
    const std::uint64_t missing = sequence - last_added_ - 1;
    return Fail(absl::DataLossError(
        missing == 1
            ? absl::StrCat("event ", last_added_ + 1, " was removed")
            : absl::StrCat("events ", last_added_ + 1, " to ", sequence - 1, " were removed")));
  }
  last_added_ = sequence;
  const merkle::Hash leaf_hash = merkle::LeafHash(event);
  pending_.push_back({sequence, leaf_hash});
  if (every_event_) LATCHKEY_RETURN_IF_ERROR(AppendToTree(leaf_hash));
  return pending_.size() < kMaxPending ? absl::OkStatus() : CheckNow();
}

absl::Status LogVerifier::AppendToTree(const merkle::Hash& leaf_hash) {
  tree_.Append(leaf_hash);
  // What was trusted before is met on the way.
  if (tree_.size() == trusted_.size && tree_.Root() != trusted_.root) {
    return Fail(Explain(trusted_));
  }
  return absl::OkStatus();
}

absl::Status LogVerifier::CheckNow() {
  LATCHKEY_RETURN_IF_ERROR(failed_);
  LATCHKEY_ASSIGN_OR_RETURN(const std::string note, proofs_->NewestCheckpoint());
  return Check(note);
}

absl::Status LogVerifier::Check(absl::string_view note) {
  LATCHKEY_RETURN_IF_ERROR(failed_);
  absl::StatusOr<merkle::Checkpoint> checkpoint = merkle::OpenCheckpoint(key_, note);
  if (!checkpoint.ok()) {
    return Fail(absl::DataLossError(absl::StrCat("the server's checkpoint is none of ", key_.name(),
                                                 ": ", checkpoint.status().message())));
  }
  LATCHKEY_RETURN_IF_ERROR(Fail(CheckTrusted(*checkpoint)));
  LATCHKEY_RETURN_IF_ERROR(Fail(every_event_ ? CheckTree(*checkpoint) : CheckEach(*checkpoint)));
  if (checkpoint->size < trusted_.size) return absl::OkStatus();
  trusted_ = *std::move(checkpoint);
  trusted_note_ = std::string(note);
  return absl::OkStatus();
}

absl::Status LogVerifier::CheckTrusted(const merkle::Checkpoint& checkpoint) {
  if (trusted_.size == 0) return absl::OkStatus();
  // An older one than the trusted may come late, and must be of the same log.
  return checkpoint.size < trusted_.size ? CheckExtends(checkpoint, trusted_)
                                         : CheckExtends(trusted_, checkpoint);
}

absl::Status LogVerifier::CheckExtends(const merkle::Checkpoint& earlier,
                                       const merkle::Checkpoint& later) {
  if (earlier.size == later.size && earlier.root == later.root) return absl::OkStatus();
  std::vector<merkle::Hash> path;
  if (earlier.size > 0 && earlier.size < later.size) {
    absl::StatusOr<std::vector<merkle::Hash>> proof =
        proofs_->ProveConsistency(earlier.size, later.size);
    if (absl::IsOutOfRange(proof.status())) {
      return absl::DataLossError(
          absl::StrCat("the log was truncated: it has fewer events than ", Describe(later)));
    }
    LATCHKEY_RETURN_IF_ERROR(proof.status());
    path = *std::move(proof);
  }
  if (merkle::VerifyConsistency(earlier.size, later.size, earlier.root, later.root, path).ok()) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat("the log was rewritten: ", Describe(later),
                                          " does not extend ", Describe(earlier),
                                          "; keep both, the two signatures prove it"));
}

absl::Status LogVerifier::CheckTree(const merkle::Checkpoint& checkpoint) {
  const merkle::Checkpoint here{checkpoint.origin, tree_.size(), tree_.Root()};
  const absl::Status same = here.size <= checkpoint.size ? CheckExtends(here, checkpoint)
                                                         : CheckExtends(checkpoint, here);
  if (absl::IsDataLoss(same)) return Explain(checkpoint);
  LATCHKEY_RETURN_IF_ERROR(same);
  Proven(std::min(here.size, checkpoint.size));
  return absl::OkStatus();
}

absl::Status LogVerifier::CheckEach(const merkle::Checkpoint& checkpoint) {
  while (!pending_.empty() && pending_.front().sequence <= checkpoint.size) {
    LATCHKEY_RETURN_IF_ERROR(ExplainOne(pending_.front(), checkpoint));
    Proven(pending_.front().sequence);
  }
  if (pending_.empty()) verified_through_ = std::max(verified_through_, last_added_);
  return absl::OkStatus();
}

absl::Status LogVerifier::Explain(const merkle::Checkpoint& checkpoint) {
  for (const Pending& event : pending_) {
    if (event.sequence > checkpoint.size) break;
    LATCHKEY_RETURN_IF_ERROR(ExplainOne(event, checkpoint));
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
    pending_.pop_front();
    ++verified_count_;
  }
  verified_through_ = std::max(verified_through_, std::min(through, last_added_));
}

}  // namespace latchkey
