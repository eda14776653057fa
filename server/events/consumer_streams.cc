#include "server/events/consumer_streams.h"

#include "server/authority/errors.h"

namespace latchkey {

ConsumerStreams::Claim& ConsumerStreams::Claim::operator=(Claim&& other) noexcept {
  if (this == &other) return *this;
  Release();
  streams_ = std::exchange(other.streams_, nullptr);
  name_ = std::move(other.name_);
  id_ = other.id_;
  return *this;
}

void ConsumerStreams::Claim::Release() {
  if (streams_ != nullptr) streams_->Release(name_, id_);
  streams_ = nullptr;
}

ConsumerStreams::Claim ConsumerStreams::Take(absl::string_view name, End end) {
  MutexLock lock(mu_);
  const std::uint64_t id = next_id_++;
  Use& use = uses_[name];
  if (use.end) use.end(ConsumerTakenOverError(name));
  use = {id, std::move(end)};
  return {*this, std::string(name), id};
}

void ConsumerStreams::EndStream(absl::string_view name, const absl::Status& status) {
  MutexLock lock(mu_);
  const auto use = uses_.find(name);
  if (use != uses_.end()) use->second.end(status);
}

bool ConsumerStreams::connected(absl::string_view name) const {
  MutexLock lock(mu_);
  return uses_.contains(name);
}

void ConsumerStreams::Release(const std::string& name, std::uint64_t id) {
  MutexLock lock(mu_);
  const auto use = uses_.find(name);
  // A later stream may have taken it meanwhile.
  if (use != uses_.end() && use->second.id == id) uses_.erase(use);
}

}  // namespace latchkey
