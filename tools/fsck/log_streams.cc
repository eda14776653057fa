#include "tools/fsck/log_streams.h"

#include "absl/strings/str_cat.h"
#include "storage/keys.h"
#include "storage/log_tree.h"
#include "storage/record_codec.h"
#include "tools/fsck/record_check.h"

namespace latchkey::fsck {
namespace {

std::unique_ptr<engine::Cursor> ScanPrefix(const engine::Snapshot& snapshot,
                                           const std::string& prefix) {
  return snapshot.Scan(engine::PrefixRange(prefix), engine::Direction::kForward);
}

std::optional<std::string> PayloadAt(const engine::Cursor& cursor) {
  const auto payload = storage::DecodePayload(cursor.key(), cursor.value());
  if (!payload.ok()) return std::nullopt;
  return std::string(*payload);
}

}  // namespace

EventStream::EventStream(const engine::Snapshot& snapshot)
    : cursor_(ScanPrefix(snapshot, storage::EventPrefix())) {}

std::optional<std::uint64_t> EventStream::Next() {
  // A key that is none is told of by CheckRecords().
  for (; cursor_->Valid(); cursor_->Next()) {
    const std::uint64_t sequence = storage::SequenceOfEventKey(cursor_->key());
    if (sequence > 0 && cursor_->key() == storage::EventKey(sequence).bytes) return sequence;
  }
  return std::nullopt;
}

std::optional<std::string> EventStream::Take() {
  std::optional<std::string> payload = PayloadAt(*cursor_);
  cursor_->Next();
  return payload;
}

NodeStream::NodeStream(const engine::Snapshot& snapshot, unsigned level, Findings& findings)
    : findings_(findings), cursor_(ScanPrefix(snapshot, storage::NodeLevelPrefix(level))) {}

void NodeStream::TakeChunk() {
  const auto place = storage::PlaceOfNodeKey(cursor_->key());
  std::optional<std::string> payload = PayloadAt(*cursor_);
  const std::string what = DescribeKey(cursor_->key());
  cursor_->Next();
  if (!place.has_value() || !payload.has_value()) return;
  if (place->index < next_) {
    return findings_.Add(absl::StrCat(what, " overlaps with the one before"));
  }
  const std::size_t excess = payload->size() % merkle::kHashSize;
  const std::uint64_t count = payload->size() / merkle::kHashSize;
  if (count == 0 || excess != 0 ||
      place->index % storage::kTileWidth + count > storage::kTileWidth) {
    findings_.Add(absl::StrCat(what, " has ", payload->size(), " bytes, which it cannot have"));
  }
  next_ = place->index;
  payload->resize(payload->size() - excess);
  rest_ = *std::move(payload);
}

std::optional<std::uint64_t> NodeStream::Next() {
  while (rest_.empty() && cursor_->Valid()) TakeChunk();
  if (rest_.empty()) return std::nullopt;
  return next_;
}

merkle::Hash NodeStream::Take() {
  const merkle::Hash hash =
      *merkle::HashFromBytes(absl::string_view(rest_).substr(0, merkle::kHashSize));
  rest_.erase(0, merkle::kHashSize);
  ++next_;
  return hash;
}

CheckpointStream::CheckpointStream(const engine::Snapshot& snapshot)
    : cursor_(ScanPrefix(snapshot, storage::CheckpointPrefix())) {}

std::optional<StoredCheckpoint> CheckpointStream::Next(std::uint64_t size) {
  for (; cursor_->Valid(); cursor_->Next()) {
    const auto own = storage::SizeOfCheckpointKey(cursor_->key());
    if (own.has_value() && *own > size) return std::nullopt;
    std::optional<std::string> payload = PayloadAt(*cursor_);
    if (!own.has_value() || !payload.has_value()) continue;
    cursor_->Next();
    return StoredCheckpoint{*own, *std::move(payload)};
  }
  return std::nullopt;
}

}  // namespace latchkey::fsck
