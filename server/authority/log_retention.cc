#include "server/authority/log_retention.h"

#include <algorithm>
#include <optional>

#include "server/authority/actions.h"
#include "server/authority/consumers.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/record_codec.h"

namespace latchkey {
namespace {

using storage::v1::ConsumerRecord;
using storage::v1::RetentionRecord;

constexpr std::size_t kMaxCountedInTick = 20'000;
// How far the record may fall behind what was counted.
constexpr std::uint64_t kMaxCountedUnwritten = 10'000;
constexpr absl::Duration kTellInterval = absl::Hours(24);

// The record where there is one: in a log of which nothing was removed there is none.
absl::StatusOr<RetentionRecord> ReadRecord(const storage::Reader& reader) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto stored, reader.Get(storage::RetentionKey()));
  if (stored.has_value()) return *stored;
  RetentionRecord record;
  record.set_oldest_sequence(1);
  return record;
}

// Returns a consumer that holds events now; nullopt where it does not.
absl::StatusOr<std::optional<v1::Consumer>> ReadHolder(const storage::Reader& reader,
                                                       absl::string_view id) {
  LATCHKEY_ASSIGN_OR_RETURN(std::optional<v1::Consumer> consumer, ReadConsumer(reader, id));
  if (consumer.has_value() && (!consumer->holds_retention() || consumer->hold_lapsed())) {
    consumer.reset();
  }
  return consumer;
}

// Tells of all that the record says was removed and not told.
absl::Status Tell(Mutation& m, RetentionRecord& record) {
  LATCHKEY_RETURN_IF_ERROR(m.AuthorizeItself(policy::Action::kAuditRead, {"", "", ""}));
  v1::Summary summary;
  summary.set_count(record.untold_count());
  *summary.mutable_first_time() = record.untold_first_time();
  *summary.mutable_last_time() = record.untold_last_time();
  const std::uint64_t sequence = m.txn().next_sequence();
  m.WriteSummary(v1::ACTION_AUDIT_TRUNCATE, summary);
  record.clear_untold_count();
  record.clear_untold_first_time();
  record.clear_untold_last_time();
  *record.mutable_told_time() = ToProto(m.now());
  record.set_told_sequence(sequence);
  return absl::OkStatus();
}

}  // namespace

// Takes the events one after the other and puts those that are to go into chunks.
class LogRetention::Planner {
 public:
  // What is older than `cutoff` goes.
  Planner(RetentionRecord record, std::uint64_t max_log_bytes, absl::Time cutoff,
          std::vector<Holder>& holders)
      : record_(std::move(record)),
        max_log_bytes_(max_log_bytes),
        cutoff_(cutoff),
        holders_(holders) {}

  // Takes the next event; false where it stays, and with it all later ones.
  bool Take(std::uint64_t sequence, std::size_t bytes, absl::Time time) {
    const bool is_too_large = max_log_bytes_ > 0 && record_.counted_bytes() > max_log_bytes_;
    if (time >= cutoff_ && !is_too_large) return false;
    if (removed_ == kMaxRemovedInTick || IsHeld(sequence)) return false;
    if (sequence <= record_.counted_sequence()) {
      record_.set_counted_bytes(record_.counted_bytes() -
                                std::min<std::uint64_t>(record_.counted_bytes(), bytes));
    } else {
      record_.set_counted_sequence(sequence);
    }
    record_.set_oldest_sequence(sequence + 1);
    if (record_.untold_count() == 0) *record_.mutable_untold_first_time() = ToProto(time);
    *record_.mutable_untold_last_time() = ToProto(time);
    record_.set_untold_count(record_.untold_count() + 1);
    if (removed_ % kMaxRemovedInChunk == 0) AddChunk(sequence);
    ++removed_;
    chunks_.back().end = sequence + 1;
    chunks_.back().bytes += bytes;
    chunks_.back().after = record_;
    return true;
  }

  // Ends with what is to be written though nothing may be removed.
  Chunks Finish(absl::Time now, bool is_counted) {
    // The first time, once all is removed that is to be: it would tell of a small part else.
    const bool caught_up = removed_ < kMaxRemovedInTick;
    const bool is_time =
        record_.has_told_time() ? now >= FromProto(record_.told_time()) + kTellInterval : caught_up;
    const bool is_lost =
        record_.told_sequence() != 0 && record_.told_sequence() < record_.oldest_sequence();
    const bool is_much = record_.untold_count() >= kMaxUntold;
    const bool due = record_.untold_count() > 0 && (is_time || is_much || is_lost);
    if (chunks_.empty() && (due || is_counted || !lapsing_.empty())) {
      AddChunk(record_.oldest_sequence());
    }
    if (!chunks_.empty()) chunks_.back().tells = due;
    // A hold that lapses does so before anything is removed that it held.
    if (!chunks_.empty()) chunks_.front().lapsing = lapsing_;
    return std::move(chunks_);
  }

 private:
  void AddChunk(std::uint64_t first) {
    Chunk& chunk = chunks_.emplace_back();
    chunk.first = first;
    chunk.end = first;
    chunk.after = record_;
  }

  // A consumer that holds `sequence` holds all that is left of the log.
  bool IsHeld(std::uint64_t sequence) {
    bool held = false;
    for (Holder& holder : holders_) {
      if (holder.lapses || holder.position >= sequence) continue;
      holder.lapses = record_.counted_bytes() > holder.max_bytes;
      if (holder.lapses) lapsing_.push_back({holder.id, sequence});
      held = held || !holder.lapses;
    }
    return held;
  }

  RetentionRecord record_;
  const std::uint64_t max_log_bytes_;
  const absl::Time cutoff_;
  std::vector<Holder>& holders_;
  std::vector<Lapsing> lapsing_;
  std::size_t removed_ = 0;
  Chunks chunks_;
};

absl::Status LogRetention::Load() {
  LATCHKEY_ASSIGN_OR_RETURN(const RetentionRecord record,
                            ReadRecord(storage::View(options_.engine.NewSnapshot())));
  options_.hub.set_oldest(record.oldest_sequence());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LogRetention::Holder>> LogRetention::Holders(
    const storage::View& view) const {
  std::vector<Holder> holders;
  const std::string prefix = storage::HoldingConsumerPrefix();
  LATCHKEY_RETURN_IF_ERROR(
      view.ForEach(engine::PrefixRange(prefix), engine::Direction::kForward,
                   [&](absl::string_view key, absl::string_view) -> absl::StatusOr<storage::Walk> {
                     const absl::string_view id = key.substr(prefix.size());
                     LATCHKEY_ASSIGN_OR_RETURN(const auto consumer, ReadHolder(view, id));
                     if (consumer.has_value()) {
                       holders.push_back({std::string(id), consumer->acknowledged_revision(),
                                          consumer->max_held_bytes()});
                     }
                     return storage::Walk::kGoOn;
                   }));
  return holders;
}

absl::Status LogRetention::Count(const storage::View& view, const RetentionRecord& record) {
  if (counted_.from != record.counted_sequence()) {
    const std::uint64_t from = record.counted_sequence();
    counted_ = {from, from, 0};
  }
  const std::uint64_t first = std::max(counted_.through + 1, record.oldest_sequence());
  std::size_t looked_at = 0;
  return view.ForEach(
      {storage::EventKey(first).bytes, engine::PrefixRange(storage::EventPrefix()).end},
      engine::Direction::kForward,
      [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<storage::Walk> {
        LATCHKEY_ASSIGN_OR_RETURN(const absl::string_view event,
                                  storage::DecodePayload(key, stored));
        counted_.bytes += event.size();
        counted_.through = storage::SequenceOfEventKey(key);
        return ++looked_at < kMaxCountedInTick ? storage::Walk::kGoOn : storage::Walk::kStop;
      });
}

absl::StatusOr<LogRetention::Chunks> LogRetention::Plan() {
  const storage::View view(options_.engine.NewSnapshot());
  const absl::Time now = options_.clock.Now();
  LATCHKEY_ASSIGN_OR_RETURN(RetentionRecord record, ReadRecord(view));
  LATCHKEY_ASSIGN_OR_RETURN(std::vector<Holder> holders, Holders(view));
  bool is_counted = false;
  if (options_.max_log_bytes > 0 || !holders.empty()) {
    LATCHKEY_RETURN_IF_ERROR(Count(view, record));
    is_counted = counted_.through - counted_.from >= kMaxCountedUnwritten;
    record.set_counted_sequence(counted_.through);
    record.set_counted_bytes(record.counted_bytes() + counted_.bytes);
  }
  LATCHKEY_RETURN_IF_ERROR(plans_.Look(view));
  const absl::Duration age =
      std::max(plans_.longest().value_or(absl::InfiniteDuration()), kMinRetainedAge);
  Planner planner(record, options_.max_log_bytes, now - age, holders);
  // The last event stays.
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest, view.NewestSequence());
  const absl::Status walked = view.ForEach(
      {storage::EventKey(record.oldest_sequence()).bytes, storage::EventKey(newest).bytes},
      engine::Direction::kForward,
      [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<storage::Walk> {
        v1::Event event;
        LATCHKEY_ASSIGN_OR_RETURN(const absl::string_view bytes,
                                  storage::DecodePayload(key, stored));
        LATCHKEY_RETURN_IF_ERROR(storage::DecodeRecord(key, stored, event));
        const bool goes =
            planner.Take(storage::SequenceOfEventKey(key), bytes.size(), FromProto(event.time()));
        return goes ? storage::Walk::kGoOn : storage::Walk::kStop;
      });
  LATCHKEY_RETURN_IF_ERROR(walked);
  return planner.Finish(now, is_counted);
}

void LogRetention::Tick() {
  if (busy_.exchange(true)) return;
  absl::StatusOr<Chunks> chunks = Plan();
  if (!chunks.ok()) {
    options_.logger.Log(LogLevel::kError, "cannot read what is beyond its retention",
                        {{"error", chunks.status().ToString()}});
    busy_ = false;
    return;
  }
  CarryOutAll(std::make_shared<Chunks>(*std::move(chunks)));
}

void LogRetention::CarryOutAll(std::shared_ptr<Chunks> chunks) {
  if (chunks->empty()) {
    ReclaimWhenDue();
    busy_ = false;
    return;
  }
  const auto chunk = std::make_shared<const Chunk>(std::move(chunks->front()));
  chunks->pop_front();
  const auto is_carried_out = std::make_shared<bool>(false);
  options_.enqueue(
      [chunk, is_carried_out](Mutation& m) -> absl::Status {
        LATCHKEY_ASSIGN_OR_RETURN(*is_carried_out, CarryOut(m, *chunk));
        return absl::OkStatus();
      },
      // What waits together is committed together, so the next one waits outside. Without a look
      // at the store, for which a thread that answers calls would have to wait.
      [this, chunks = std::move(chunks), chunk, is_carried_out](const absl::Status& committed) {
        if (committed.ok() && *is_carried_out) {
          options_.hub.set_oldest(chunk->after.oldest_sequence());
          removed_bytes_ += chunk->bytes;
        } else {
          // Something held them, or it was planned anew: they are there still.
          chunks->clear();
        }
        CarryOutAll(chunks);
      });
}

void LogRetention::ReclaimWhenDue() {
  const absl::Time now = options_.clock.Now();
  // A clock that steps back must not put it off for long.
  const bool is_time = now >= next_reclaim_ || next_reclaim_ > now + kReclaimInterval;
  if (removed_bytes_ < kReclaimBytes || !is_time) return;
  removed_bytes_ = 0;
  next_reclaim_ = now + kReclaimInterval;
  options_.engine.Reclaim({storage::EventPrefix(), storage::EventKey(options_.hub.oldest()).bytes});
}

absl::Status LogRetention::Lapse(Mutation& m, const Lapsing& lapsing) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto consumer, ReadHolder(m.txn(), lapsing.id));
  if (!consumer.has_value() || consumer->acknowledged_revision() >= lapsing.sequence) {
    return absl::OkStatus();
  }
  LATCHKEY_RETURN_IF_ERROR(m.AuthorizeItself(
      policy::Action::kAuditRead,
      {std::string(WorkspaceIdOf(consumer->filter().workspace())), consumer->name(), ""}));
  ConsumerRecord before;
  *before.mutable_consumer() = *consumer;
  ConsumerRecord after = before;
  after.mutable_consumer()->set_hold_lapsed(true);
  m.Write<ConsumerRecord>(storage::ConsumerKey(lapsing.id), &before, after,
                          v1::ACTION_AUDIT_HOLD_LAPSE);
  return absl::OkStatus();
}

absl::StatusOr<bool> LogRetention::CarryOut(Mutation& m, const Chunk& chunk) {
  LATCHKEY_ASSIGN_OR_RETURN(const RetentionRecord before, ReadRecord(m.txn()));
  if (before.oldest_sequence() != chunk.first) return false;  // planned anew
  for (const Lapsing& lapsing : chunk.lapsing) LATCHKEY_RETURN_IF_ERROR(Lapse(m, lapsing));
  // One that was made meanwhile holds too.
  bool held = false;
  const std::string prefix = storage::HoldingConsumerPrefix();
  LATCHKEY_RETURN_IF_ERROR(
      m.txn().ForEachKey(prefix, [&](absl::string_view key) -> absl::StatusOr<storage::Walk> {
        LATCHKEY_ASSIGN_OR_RETURN(const auto holder,
                                  ReadHolder(m.txn(), key.substr(prefix.size())));
        held = held || (holder.has_value() && holder->acknowledged_revision() + 1 < chunk.end);
        return held ? storage::Walk::kStop : storage::Walk::kGoOn;
      }));
  if (held) return false;
  for (std::uint64_t sequence = chunk.first; sequence < chunk.end; ++sequence) {
    m.txn().Delete(storage::EventKey(sequence));
  }
  RetentionRecord after = chunk.after;
  if (chunk.tells) LATCHKEY_RETURN_IF_ERROR(Tell(m, after));
  m.txn().Put(storage::RetentionKey(), after);
  return true;
}

}  // namespace latchkey
