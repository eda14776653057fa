#include "tools/fsck/log_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "latchkey/storage/v1/records.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/base/status_macros.h"
#include "storage/log_tree.h"
#include "storage/record_codec.h"

namespace latchkey::fsck {
namespace {

std::string Base64(const merkle::Hash& hash) { return absl::Base64Escape(merkle::AsBytes(hash)); }

}  // namespace

LogCheck::LogCheck(const Options& options)
    : options_(options),
      verifier_(*merkle::NoteVerifier::Parse(options.signer.VerifierKey())),
      findings_(options.findings),
      events_(options.snapshot),
      checkpoints_(options.snapshot),
      missing_events_(findings_, "event", "events", "missing"),
      missing_leaves_(findings_, "the leaf of event", "the leaves of events", "missing") {
  for (unsigned level = 0; level < kTileLevels; ++level) {
    nodes_.push_back(std::make_unique<NodeStream>(options.snapshot, level, findings_));
  }
}

absl::StatusOr<LogCheck::Counts> LogCheck::Run() {
  CheckRoots(0);
  for (;;) {
    const std::optional<std::uint64_t> event = events_.Next();
    const std::optional<std::uint64_t> leaf = nodes_[0]->Next();
    if (!event.has_value() && !leaf.has_value()) break;
    constexpr std::uint64_t kNone = ~std::uint64_t{0};
    const std::uint64_t sequence =
        std::min(event.value_or(kNone), leaf.has_value() ? *leaf + 1 : kNone);
    if (sequence > counts_.newest + 1) Skip(counts_.newest + 1, sequence - 1);
    CheckOne(sequence);
    counts_.newest = sequence;
    CheckRoots(sequence);
  }
  Finish();
  LATCHKEY_RETURN_IF_ERROR(status());
  return counts_;
}

void LogCheck::Skip(std::uint64_t first, std::uint64_t last) {
  missing_leaves_.Add(first, last);
  LoseTree(first - 1);
}

void LogCheck::LoseTree(std::uint64_t after) {
  if (std::exchange(is_whole_, false)) {
    findings_.Add(absl::StrCat("the tree is not known beyond event ", after,
                               ": what follows is checked event by event alone"));
  }
}

void LogCheck::CheckOne(std::uint64_t sequence) {
  std::optional<merkle::Hash> of_event;
  std::optional<merkle::Hash> leaf;
  const bool has_event = events_.Next() == sequence;
  if (has_event) {
    if (counts_.oldest == 0) CheckHead(sequence);
    if (last_event_ != 0 && sequence > last_event_ + 1) {
      missing_events_.Add(last_event_ + 1, sequence - 1);
    }
    last_event_ = sequence;
    if (const std::optional<std::string> payload = events_.Take(); payload.has_value()) {
      of_event = merkle::LeafHash(*payload);
      CheckEvent(sequence, *payload);
    }
  }
  if (nodes_[0]->Next() == sequence - 1) {
    leaf = nodes_[0]->Take();
  } else {
    missing_leaves_.Add(sequence, sequence);
  }
  if (leaf.has_value() && of_event.has_value() && *leaf != *of_event)
    differing_.push_back(sequence);
  if (!leaf.has_value() && !of_event.has_value()) return LoseTree(sequence - 1);
  if (!is_whole_) return;
  Grow(sequence, leaf.has_value() ? *leaf : *of_event, of_event.has_value() ? *of_event : *leaf);
}

void LogCheck::CheckEvent(std::uint64_t sequence, const std::string& payload) {
  v1::Event event;
  if (!event.ParseFromString(payload)) {
    return findings_.Add(absl::StrCat("event ", sequence, " does not parse"));
  }
  if (event.sequence() != sequence) {
    findings_.Add(
        absl::StrCat("event ", sequence, " says of itself that it is event ", event.sequence()));
  }
}

void LogCheck::CheckHead(std::uint64_t first) {
  counts_.oldest = options_.oldest.value_or(first);
  if (first > counts_.oldest) missing_events_.Add(counts_.oldest, first - 1);
  if (first < counts_.oldest) {
    findings_.Add(absl::StrCat("event ", first, " is there, and the log begins with event ",
                               counts_.oldest, ": what is older was removed"));
  }
}

void LogCheck::Grow(std::uint64_t sequence, const merkle::Hash& leaf,
                    const merkle::Hash& of_event) {
  if (leaf != of_event && !of_events_.has_value()) of_events_ = leaves_;
  Completed of_leaves;
  Completed of_events;
  const auto into = [](Completed& completed) {
    return [&completed](unsigned level, std::uint64_t, const merkle::Hash& hash) {
      if (level % storage::kTileHeight == 0) completed[level / storage::kTileHeight] = hash;
    };
  };
  leaves_.Append(leaf, into(of_leaves));
  if (of_events_.has_value()) {
    of_events_->Append(of_event, into(of_events));
  } else {
    of_events = of_leaves;
  }
  for (unsigned level = 1; level < kTileLevels && of_leaves[level].has_value(); ++level) {
    const std::uint64_t index = (sequence >> (level * storage::kTileHeight)) - 1;
    CheckNode(level, index, *of_leaves[level], *of_events[level]);
  }
}

void LogCheck::CheckNode(unsigned tile_level, std::uint64_t index, const merkle::Hash& of_leaves,
                         const merkle::Hash& of_events) {
  const unsigned level = tile_level * storage::kTileHeight;
  const std::string what = absl::StrCat("node ", index, " of level ", level, " (events ",
                                        (index << level) + 1, " to ", (index + 1) << level, ")");
  if (nodes_[tile_level]->Next() != index) return findings_.Add(absl::StrCat(what, " is missing"));
  Settle(nodes_[tile_level]->Take(), of_leaves, of_events,
         absl::StrCat(what, " is not the hash of the leaves below it"));
}

void LogCheck::CheckRoots(std::uint64_t size) {
  for (auto stored = checkpoints_.Next(size); stored.has_value();
       stored = checkpoints_.Next(size)) {
    ++counts_.checkpoints;
    CheckStored(*stored);
  }
  for (const auto& [source, checkpoint] : options_.remembered) {
    if (checkpoint.size != size) continue;
    CheckRoot(absl::StrCat("the checkpoint of size ", size, " in ", source), size, checkpoint.root);
  }
}

void LogCheck::CheckStored(const StoredCheckpoint& stored) {
  const std::string what = absl::StrCat("the stored checkpoint of size ", stored.size);
  storage::v1::CheckpointRecord record;
  storage::v1::CheckpointRecord plain;
  const bool parses = record.ParseFromString(stored.payload);
  plain.set_note(record.note());
  if (!parses || storage::EncodeMessage(plain) != stored.payload) {
    return findings_.Add(absl::StrCat(what, " is altered: it is no such record"));
  }
  if (const auto is_of_key = verifier_.IsOfKey(record.note()); is_of_key.ok() && !*is_of_key) {
    if (!options_.is_key) return;
    return findings_.Add(absl::StrCat(what, " is not signed by the key ", verifier_.name(),
                                      ", but by another, and was not compared"));
  }
  const auto checkpoint = merkle::OpenCheckpoint(verifier_, record.note());
  if (!checkpoint.ok()) {
    return findings_.Add(absl::StrCat(what, " is altered: ", checkpoint.status().message()));
  }
  if (checkpoint->size != stored.size) {
    return findings_.Add(absl::StrCat(what, " is altered: it is that of size ", checkpoint->size));
  }
  // A signature is the same each time; what else a note may have, the server did not write.
  const auto again = merkle::SignCheckpoint(options_.signer, checkpoint->size, checkpoint->root);
  if (!again.ok() || *again != record.note()) {
    return findings_.Add(absl::StrCat(what, " is altered: it is not as the server signs it"));
  }
  CheckRoot(what, stored.size, checkpoint->root);
}

void LogCheck::CheckRoot(const std::string& what, std::uint64_t size, const merkle::Hash& root) {
  if (!is_whole_ || leaves_.size() != size) {
    return findings_.Add(absl::StrCat(what, " cannot be compared: leaves before it are missing"));
  }
  const merkle::Hash of_leaves = leaves_.Root();
  const merkle::Hash of_events = of_events_.has_value() ? of_events_->Root() : of_leaves;
  Settle(root, of_leaves, of_events,
         absl::StrCat(what, " does not match: it has the root ", Base64(root), ", the leaves give ",
                      Base64(of_leaves)));
}

void LogCheck::Settle(const merkle::Hash& known, const merkle::Hash& of_leaves,
                      const merkle::Hash& of_events, const std::string& otherwise) {
  if (known != of_leaves && known != of_events) {
    findings_.Add(otherwise);
    TellOfDifferences("event ", " and its leaf differ, and what follows knows neither");
  } else if (known == of_leaves) {
    TellOfDifferences("event ", " is altered: it is not what its leaf is the hash of");
  } else {
    TellOfDifferences("the leaf of event ", " is altered: it is not the hash of the event");
    if (of_events_.has_value()) leaves_ = *of_events_;
  }
  of_events_.reset();
}

void LogCheck::TellOfDifferences(absl::string_view before, absl::string_view after) {
  for (const std::uint64_t sequence : differing_) {
    findings_.Add(absl::StrCat(before, sequence, after));
  }
  differing_.clear();
}

void LogCheck::Finish() {
  TellOfDifferences("event ", " and its leaf differ, and nothing tells which was altered");
  missing_leaves_.Finish();
  const std::uint64_t after = std::max(last_event_, options_.oldest.value_or(1) - 1);
  if (after < counts_.newest) missing_events_.Add(after + 1, counts_.newest);
  missing_events_.Finish();
  for (auto stored = checkpoints_.Next(~std::uint64_t{0}); stored.has_value();
       stored = checkpoints_.Next(~std::uint64_t{0})) {
    findings_.Add(absl::StrCat("the stored checkpoint of size ", stored->size,
                               " is of more events than the ", counts_.newest, " of the log"));
  }
  for (const auto& [source, checkpoint] : options_.remembered) {
    if (checkpoint.size <= counts_.newest) continue;
    findings_.Add(absl::StrCat("the checkpoint of size ", checkpoint.size, " in ", source,
                               " is of more events than the ", counts_.newest, " of the log"));
  }
  for (unsigned level = 1; is_whole_ && level < kTileLevels; ++level) {
    if (const auto next = nodes_[level]->Next(); next.has_value()) {
      findings_.Add(absl::StrCat("node ", *next, " of level ", level * storage::kTileHeight,
                                 " is of more events than the ", counts_.newest, " of the log"));
    }
  }
}

absl::Status LogCheck::status() const {
  LATCHKEY_RETURN_IF_ERROR(events_.status());
  LATCHKEY_RETURN_IF_ERROR(checkpoints_.status());
  for (const auto& nodes : nodes_) LATCHKEY_RETURN_IF_ERROR(nodes->status());
  return absl::OkStatus();
}

}  // namespace latchkey::fsck
