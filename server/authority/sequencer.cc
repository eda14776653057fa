#include "server/authority/sequencer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/authority/errors.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

constexpr absl::Duration kStoreRetryDelay = absl::Seconds(1);
// Of a new token: its id and its secret. What needs more asks for it.
constexpr std::size_t kEntropyForCommand = 48;

absl::Status ShuttingDown() {
  return UnavailableError(v1::ERROR_REASON_SHUTTING_DOWN,
                          "the server is stopping; try again in a moment", kStoreRetryDelay);
}

absl::Status StoreUnavailable(const absl::Status& cause) {
  if (cause.code() == absl::StatusCode::kDataLoss) return cause;
  return UnavailableError(
      v1::ERROR_REASON_STORE_UNAVAILABLE,
      "the store cannot make changes durable now; nothing was changed by this call as far as this "
      "server shows, and verifying goes on; try again later",
      kStoreRetryDelay);
}

}  // namespace

Sequencer::Sequencer(Options options)
    : options_(std::move(options)), records_(options_.max_cached_records) {}

Sequencer::~Sequencer() {
  Close();
  Group rest;
  {
    MutexLock lock(mu_);
    for (auto& command : waiting_) rest.push_back(std::move(command));
    waiting_.clear();
  }
  for (auto& command : rest) command->Finish(ShuttingDown());
}

void Sequencer::Enqueue(std::unique_ptr<Command> command) {
  bool schedule = false;
  if (const absl::Status taken = Take(command, schedule); !taken.ok()) {
    command->Finish(taken);
    return;
  }
  if (schedule) options_.executor.Schedule([this] { RunOnce(); });
}

absl::Status Sequencer::Take(std::unique_ptr<Command>& command, bool& schedule) {
  if (const absl::Status writable = options_.engine.writable(); !writable.ok()) {
    return StoreUnavailable(writable);
  }
  MutexLock lock(mu_);
  if (closed_) return ShuttingDown();
  if (waiting_.size() >= options_.max_waiting) {
    return OverloadedError(
        absl::StrCat(waiting_.size(), " changes wait already; try again in a moment"));
  }
  waiting_.push_back(std::move(command));
  schedule = !std::exchange(scheduled_, true);
  return absl::OkStatus();
}

void Sequencer::Close() {
  MutexLock lock(mu_);
  closed_ = true;
}

Sequencer::Counters Sequencer::counters() const { return {commits_.load(), commands_.load()}; }

Sequencer::Group Sequencer::TakeGroup() {
  Group group;
  MutexLock lock(mu_);
  while (!waiting_.empty() && group.size() < options_.max_group) {
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return group;
}

void Sequencer::RunOnce() {
  Group group = TakeGroup();
  const absl::Status committed = RunGroup(group);
  bool again = false;
  {
    MutexLock lock(mu_);
    again = !waiting_.empty();
    scheduled_ = again;
  }
  options_.answers.Schedule([group = std::move(group), committed] {
    for (const auto& command : group) command->Finish(committed);
  });
  if (again) options_.executor.Schedule([this] { RunOnce(); });
}

void Sequencer::RunCommands(Group& group, storage::Transaction& transaction, Effects& effects) {
  PrefetchedEntropy* const entropy = options_.entropy;
  if (entropy != nullptr) entropy->Prefetch(group.size() * kEntropyForCommand);
  for (auto& command : group) command->Run(transaction, effects);
  if (entropy != nullptr) entropy->Discard();
}

absl::Status Sequencer::RunGroup(Group& group) {
  auto transaction = storage::Transaction::Begin(
      std::make_unique<storage::View>(options_.engine.NewSnapshot()), &records_);
  if (!transaction.ok()) return StoreUnavailable(transaction.status());
  Effects effects;
  RunCommands(group, **transaction, effects);
  commands_ += group.size();
  if ((*transaction)->empty()) return absl::OkStatus();
  const std::uint64_t newest = (*transaction)->newest_sequence();
  const std::vector<std::string> events = (*transaction)->TakeEvents();
  const auto batch = (*transaction)->ToBatch();
  const auto version =
      batch.ok() ? options_.engine.Commit(*batch) : absl::StatusOr<engine::Version>(batch.status());
  if (!version.ok()) {
    records_.Clear();
    return StoreUnavailable(version.status());
  }
  records_.Advance(*version, newest, (*transaction)->known_tree());
  ++commits_;
  options_.on_commit(effects, events, newest);
  return absl::OkStatus();
}

}  // namespace latchkey
