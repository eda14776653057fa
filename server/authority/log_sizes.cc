#include "server/authority/log_sizes.h"

#include <algorithm>

#include "server/authority/log_reach.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"
#include "server/events/event_bytes.h"
#include "storage/keys.h"
#include "storage/record_codec.h"

namespace latchkey {
namespace {

using storage::v1::EventSizesProgressRecord;
using storage::v1::EventSizesRecord;

constexpr std::size_t kMaxSizesInChunk = 500;
constexpr std::size_t kMaxUnwrittenEvents = 10'000;

absl::StatusOr<SizeMarks> ReadSizes(const storage::Reader& reader, absl::string_view workspace) {
  const auto record = reader.Get(storage::EventSizesKey(workspace));
  // It only says what the events say too: where it is damaged, counting begins anew, and readers
  // get more than the plan gives, not less.
  if (absl::IsDataLoss(record.status())) return SizeMarks(EventSizesRecord());
  LATCHKEY_RETURN_IF_ERROR(record.status());
  return SizeMarks(record->has_value() ? **record : EventSizesRecord());
}

}  // namespace

absl::StatusOr<std::uint64_t> OldestWithin(const storage::Reader& reader,
                                           absl::string_view workspace, std::uint64_t max_bytes) {
  if (max_bytes == 0) return 0;
  LATCHKEY_ASSIGN_OR_RETURN(const SizeMarks sizes, ReadSizes(reader, workspace));
  return sizes.OldestWithin(max_bytes);
}

void LogSizes::Tick() {
  if (busy_.exchange(true)) return;
  absl::StatusOr<Chunks> chunks = Step();
  if (!chunks.ok()) {
    options_.logger.Log(LogLevel::kError, "cannot count the bytes of events",
                        {{"error", chunks.status().ToString()}});
    Forget();
    busy_ = false;
    return;
  }
  WriteAll(std::make_shared<Chunks>(*std::move(chunks)));
}

absl::StatusOr<LogSizes::Chunks> LogSizes::Step() {
  const storage::View view(options_.engine.NewSnapshot());
  if (!counted_.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto progress, view.Get(storage::EventSizesProgressKey()));
    counted_ = progress.has_value() ? progress->counted_sequence() : 0;
  }
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t oldest, OldestRetained(view));
  LATCHKEY_RETURN_IF_ERROR(CountEvents(view, oldest));
  if (!has_new_marks_ && unwritten_events_ < kMaxUnwrittenEvents) return Chunks();
  return MakeChunks(oldest);
}

absl::Status LogSizes::CountEvents(const storage::View& view, std::uint64_t oldest) {
  const std::uint64_t first = std::max(*counted_ + 1, oldest);
  absl::Status counted;
  const bool in_memory = options_.hub.VisitInMemory(
      first - 1, kMaxSizedInTick,
      [&](std::uint64_t sequence, const EventFacets& facets, std::size_t bytes) {
        if (counted.ok()) counted = CountEvent(view, sequence, facets.workspace, bytes);
      });
  return in_memory ? counted : CountFromStore(view, first);
}

absl::Status LogSizes::CountFromStore(const storage::View& view, std::uint64_t first) {
  std::size_t looked_at = 0;
  return view.ForEach(
      {storage::EventKey(first).bytes, engine::PrefixRange(storage::EventPrefix()).end},
      engine::Direction::kForward,
      [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<storage::Walk> {
        const auto event = storage::DecodePayload(key, stored);
        EventFacets facets;
        // One that does not read back must not keep the others from being counted.
        if (!event.ok() || !ReadFacets(*event, facets).ok()) facets = EventFacets();
        LATCHKEY_RETURN_IF_ERROR(CountEvent(view, storage::SequenceOfEventKey(key),
                                            facets.workspace, event.ok() ? event->size() : 0));
        return ++looked_at < kMaxSizedInTick ? storage::Walk::kGoOn : storage::Walk::kStop;
      });
}

absl::Status LogSizes::CountEvent(const storage::View& view, std::uint64_t sequence,
                                  absl::string_view workspace, std::size_t bytes) {
  if (!workspace.empty()) {
    auto it = sizes_.find(workspace);
    if (it == sizes_.end()) {
      LATCHKEY_ASSIGN_OR_RETURN(SizeMarks sizes, ReadSizes(view, LastId(workspace)));
      it = sizes_.emplace(std::string(workspace), std::move(sizes)).first;
    }
    const bool is_mark = it->second.Count(sequence, bytes);
    has_new_marks_ = has_new_marks_ || is_mark;
  }
  counted_ = sequence;
  ++unwritten_events_;
  return absl::OkStatus();
}

LogSizes::Chunks LogSizes::MakeChunks(std::uint64_t oldest) {
  Chunks chunks(1);
  for (auto& [name, sizes] : sizes_) {
    if (chunks.back().records.size() == kMaxSizesInChunk) chunks.emplace_back();
    sizes.Thin(oldest);
    chunks.back().records.emplace_back(LastId(name), sizes.ToRecord(*counted_));
  }
  chunks.back().progress = *counted_;
  return chunks;
}

void LogSizes::WriteAll(std::shared_ptr<Chunks> chunks) {
  if (chunks->empty()) {
    busy_ = false;
    return;
  }
  Chunk next = std::move(chunks->front());
  chunks->pop_front();
  options_.enqueue(
      [chunk = std::move(next)](Mutation& m) {
        for (const auto& [workspace, record] : chunk.records) {
          m.txn().Put(storage::EventSizesKey(workspace), record);
        }
        if (chunk.progress.has_value()) {
          EventSizesProgressRecord progress;
          progress.set_counted_sequence(*chunk.progress);
          m.txn().Put(storage::EventSizesProgressKey(), progress);
        }
        return absl::OkStatus();
      },
      // What waits together is committed together, so the next one waits outside.
      [this, chunks = std::move(chunks)](const absl::Status& committed) {
        if (!committed.ok()) chunks->clear();
        // Either it is written, or it is read again from where the store is.
        if (chunks->empty()) Forget();
        WriteAll(chunks);
      });
}

void LogSizes::Forget() {
  counted_.reset();
  unwritten_events_ = 0;
  has_new_marks_ = false;
  sizes_.clear();
}

}  // namespace latchkey
