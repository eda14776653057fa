#include "client/log_verifier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

// So many events wait for a checkpoint at most; then one is asked for.
constexpr std::size_t kMaxPending = 65536;

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
  if (begun_ && every_event == every_event_ && Resume(after)) return absl::OkStatus();
  // A tree that begins elsewhere does not prove what was added to this one.
  if (!pending_.empty()) LATCHKEY_RETURN_IF_ERROR(CheckNow());
  if (every_event) {
    absl::StatusOr<merkle::Frontier> tree = TreeAt(after);
    LATCHKEY_RETURN_IF_ERROR(Fail(tree.status()));
    tree_ = *std::move(tree);
  }
  if (!std::exchange(begun_, true)) verified_through_ = after;
  every_event_ = every_event;
  last_added_ = after;
  Commit();
  return absl::OkStatus();
}

bool LogVerifier::Resume(std::uint64_t after) {
  if (every_event_) {
    if (after != last_added_ && after != committed_) return false;
    if (after != last_added_) tree_ = committed_tree_;
  }
  Forget(std::max(after, committed_));
  last_added_ = after;
  return true;
}

void LogVerifier::Forget(std::uint64_t sequence) {
  while (!pending_.empty() && pending_.back().sequence > sequence) pending_.pop_back();
}

void LogVerifier::Commit() {
  committed_tree_ = tree_;
  committed_ = last_added_;
}

absl::StatusOr<merkle::Frontier> LogVerifier::TreeAt(std::uint64_t size) {
  if (size == 0) return merkle::Frontier();
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
  tree->Append(last->leaf_hash);
  if (trusted_.size == 0) return *std::move(tree);
  const merkle::Checkpoint here{trusted_.origin, size, tree->Root()};
  LATCHKEY_ASSIGN_OR_RETURN(
      const bool same, size <= trusted_.size ? Extends(here, trusted_) : Extends(trusted_, here));
  if (same) return *std::move(tree);
  return WithEvidence(absl::DataLossError(absl::StrCat(
      "the log was rewritten: the tree that the server has of the first ", size,
      " events, which is not signed, and ", Describe(trusted_), " are not of one log")));
}

absl::Status LogVerifier::Add(std::uint64_t sequence, absl::string_view event) {
  LATCHKEY_RETURN_IF_ERROR(failed_);
  if (sequence <= last_added_) {
    return Fail(absl::DataLossError(absl::StrCat("event ", sequence, " came after event ",
                                                 last_added_, ": the log is not in order")));
  }
  LATCHKEY_RETURN_IF_ERROR(Complete(sequence - 1));
  last_added_ = sequence;
  const Pending added{sequence, merkle::LeafHash(event)};
  // One that was committed and comes again after a break is there already, unless it is another.
  const auto place =
      std::lower_bound(pending_.begin(), pending_.end(), added,
                       [](const Pending& a, const Pending& b) { return a.sequence < b.sequence; });
  const bool is_there =
      place != pending_.end() && place->sequence == sequence && place->leaf_hash == added.leaf_hash;
  if (!is_there) pending_.insert(place, added);
  if (every_event_) LATCHKEY_RETURN_IF_ERROR(AppendToTree(added.leaf_hash));
  return pending_.size() < kMaxPending ? absl::OkStatus() : CheckNow();
}

absl::Status LogVerifier::Complete(std::uint64_t through) {
  LATCHKEY_RETURN_IF_ERROR(failed_);
  if (!every_event_ || through <= last_added_) return absl::OkStatus();
  return Fail(absl::DataLossError(
      through == last_added_ + 1
          ? absl::StrCat("event ", through, " was removed")
          : absl::StrCat("events ", last_added_ + 1, " to ", through, " were removed")));
}

absl::Status LogVerifier::AppendToTree(const merkle::Hash& leaf_hash) {
  tree_.Append(leaf_hash);
  // What was trusted before is met on the way.
  if (tree_.size() == trusted_.size && tree_.Root() != trusted_.root) {
    return Fail(WithEvidence(Explain(trusted_)));
  }
  return absl::OkStatus();
}

absl::Status LogVerifier::CheckNow() {
  LATCHKEY_RETURN_IF_ERROR(failed_);
  LATCHKEY_ASSIGN_OR_RETURN(const std::string note, proofs_->NewestCheckpoint());
  LATCHKEY_ASSIGN_OR_RETURN(const merkle::Checkpoint newest, Open(note));
  LATCHKEY_RETURN_IF_ERROR(Fail(CheckNotTruncated(newest)));
  return Trust(newest, note);
}

absl::Status LogVerifier::CheckNotTruncated(const merkle::Checkpoint& newest) const {
  if (newest.size < trusted_.size) {
    return absl::DataLossError(absl::StrCat(
        "the log was truncated: it ends at event ", newest.size, ", and ", Describe(trusted_),
        " was verified before. Either the store was restored from a backup, or the log's end was "
        "cut off; a checkpoint of fewer events does not contradict one of more, so the two "
        "signatures prove neither"));
  }
  if (!pending_.empty() && newest.size < pending_.back().sequence) {
    return absl::DataLossError(absl::StrCat("the log was truncated: it ends at event ", newest.size,
                                            ", and event ", pending_.back().sequence,
                                            " was sent before"));
  }
  return absl::OkStatus();
}

absl::Status LogVerifier::Check(absl::string_view note) {
  LATCHKEY_RETURN_IF_ERROR(failed_);
  LATCHKEY_ASSIGN_OR_RETURN(const merkle::Checkpoint checkpoint, Open(note));
  return Trust(checkpoint, note);
}

absl::StatusOr<merkle::Checkpoint> LogVerifier::Open(absl::string_view note) {
  absl::StatusOr<merkle::Checkpoint> checkpoint = merkle::OpenCheckpoint(key_, note);
  if (checkpoint.ok()) return checkpoint;
  return Fail(absl::DataLossError(absl::StrCat("the server's checkpoint is none of ", key_.name(),
                                               ": ", checkpoint.status().message())));
}

absl::Status LogVerifier::Trust(const merkle::Checkpoint& checkpoint, absl::string_view note) {
  LATCHKEY_RETURN_IF_ERROR(Fail(CheckTrusted(checkpoint, note)));
  LATCHKEY_RETURN_IF_ERROR(Fail(every_event_ ? CheckTree(checkpoint) : CheckEach(checkpoint)));
  if (checkpoint.size < trusted_.size) return absl::OkStatus();
  trusted_ = checkpoint;
  trusted_note_ = std::string(note);
  return absl::OkStatus();
}

}  // namespace latchkey
