#include "server/authority/verifier.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "server/authority/actions.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"

namespace latchkey {
namespace {

// The scope with which an app's USER token may call Latchkey as its member.
constexpr char kLatchkeyScope[] = "latchkey";

bool MayCallLatchkey(const v1::Token& token) {
  switch (token.kind()) {
    case v1::TOKEN_KIND_TEST:
    case v1::TOKEN_KIND_SERVICE:
      return true;
    case v1::TOKEN_KIND_USER:
      return std::find(token.scopes().begin(), token.scopes().end(), kLatchkeyScope) !=
             token.scopes().end();
    default:
      return false;
  }
}

v1::Verification ActiveAnswer(const v1::Token& token) {
  v1::Verification answer;
  answer.set_status(v1::VERIFY_STATUS_ACTIVE);
  answer.set_token(token.name());
  answer.set_kind(token.kind());
  const absl::string_view workspace = WorkspaceIdOf(token.name());
  if (!workspace.empty()) answer.set_workspace(WorkspaceName(workspace));
  answer.set_app(token.app());
  answer.set_member(token.member());
  answer.set_service(token.service());
  *answer.mutable_scopes() = token.scopes();
  if (token.has_expire_time()) *answer.mutable_expire_time() = token.expire_time();
  return answer;
}

}  // namespace

bool GenerationCell::RaiseTo(std::uint64_t generation) {
  std::uint64_t seen = generation_.load(std::memory_order_relaxed);
  while (seen < generation &&
         !generation_.compare_exchange_weak(seen, generation, std::memory_order_acq_rel)) {
  }
  return seen < generation;
}

Verifier::Verifier(Options options, std::uint64_t newest)
    : options_(options), revision_(newest), secrets_(options.max_tokens) {}

absl::StatusOr<Verifier::Verdict> Verifier::Check(absl::string_view presented) {
  Verdict verdict;
  if (!secret::ParseSecret(options_.prefixes, presented).has_value()) {
    verdict.reason = v1::INACTIVE_REASON_MALFORMED;
    return verdict;
  }
  for (const std::uint32_t key_id : options_.keyring.key_ids()) {
    const secret::Digest digest = options_.keyring.HashUnder(key_id, presented);
    const absl::string_view hash(reinterpret_cast<const char*>(digest.data()), digest.size());
    LATCHKEY_ASSIGN_OR_RETURN(verdict.token, Find(hash));
    if (verdict.token != nullptr) {
      const absl::Time now = options_.clock.Now();
      verdict.reason = Judge(*verdict.token, now);
      if (verdict.active()) NoteUse(*verdict.token, now);
      return verdict;
    }
  }
  verdict.reason = v1::INACTIVE_REASON_UNKNOWN;
  return verdict;
}

v1::InactiveReason Verifier::Judge(const CachedToken& token, absl::Time now) {
  if (token.superseded &&
      (token.superseded_until <= now || token.first_use->Get() >= token.version)) {
    return v1::INACTIVE_REASON_SUPERSEDED;
  }
  if (token.revoked) return v1::INACTIVE_REASON_REVOKED;
  for (const auto& [cell, issued] : token.anchors) {
    if (cell->Get() != issued) return v1::INACTIVE_REASON_REVOKED;
  }
  if (token.expire_time <= now) return v1::INACTIVE_REASON_EXPIRED;
  // Not for whoever looks at access: it is good for RotateToken alone.
  if (token.kind == v1::TOKEN_KIND_REFRESH) return v1::INACTIVE_REASON_REFRESH;
  return v1::INACTIVE_REASON_UNSPECIFIED;
}

void Verifier::Fill(const Verdict& verdict, bool trusted, v1::Verification& verification) {
  if (verdict.active()) {
    verification.ParseFromString(verdict.token->answer);
    if (trusted && verdict.token->superseded) {
      *verification.mutable_superseded_until_time() = ToProto(verdict.token->superseded_until);
    }
    return;
  }
  verification.Clear();
  if (trusted && verdict.token != nullptr) {
    verification.ParseFromString(verdict.token->answer);
    verification.clear_scopes();
    verification.clear_expire_time();
  }
  verification.set_status(v1::VERIFY_STATUS_INACTIVE);
  if (trusted) verification.set_inactive_reason(verdict.reason);
}

void Verifier::NoteUse(const CachedToken& token, absl::Time now) {
  if (token.first_use != nullptr && !token.superseded) NoteFirstUse(token);
  const auto hour = static_cast<std::uint32_t>(absl::ToUnixSeconds(now) / 3600);
  if (token.used_hour.load(std::memory_order_relaxed) == hour) return;
  token.used_hour.store(hour, std::memory_order_relaxed);
  v1::Verification answer;
  answer.ParseFromString(token.answer);
  MutexLock lock(uses_mu_);
  std::uint32_t& known = uses_[answer.token()];
  known = std::max(known, hour);
}

Verifier::Uses Verifier::TakeUses() {
  MutexLock lock(uses_mu_);
  return std::exchange(uses_, {});
}

void Verifier::ReturnUses(const Uses& uses) {
  MutexLock lock(uses_mu_);
  for (const auto& [token, hour] : uses) {
    std::uint32_t& known = uses_[token];
    known = std::max(known, hour);
  }
}

absl::Time Verifier::UseInMemory(absl::string_view token) const {
  MutexLock lock(uses_mu_);
  const auto it = uses_.find(token);
  if (it == uses_.end()) return absl::InfinitePast();
  return absl::UnixEpoch() + absl::Hours(it->second);
}

void Verifier::NoteFirstUse(const CachedToken& token) {
  if (token.first_use->Get() >= token.version || !token.first_use->RaiseTo(token.version)) return;
  v1::Verification answer;
  answer.ParseFromString(token.answer);
  MutexLock lock(first_uses_mu_);
  first_uses_.push_back({answer.token(), token.version, token.first_use});
}

std::vector<Verifier::FirstUse> Verifier::TakeFirstUses() {
  MutexLock lock(first_uses_mu_);
  return std::exchange(first_uses_, {});
}

void Verifier::ReturnFirstUses(const std::vector<FirstUse>& uses) {
  RememberFirstUses(uses);
  MutexLock lock(first_uses_mu_);
  first_uses_.insert(first_uses_.end(), uses.begin(), uses.end());
}

absl::StatusOr<SecretCache::Entry> Verifier::Find(absl::string_view hash) {
  SecretCache::Epoch epoch = 0;
  if (SecretCache::Entry entry = secrets_.Find(hash, epoch)) return entry;
  LATCHKEY_ASSIGN_OR_RETURN(SecretCache::Entry entry, Load(hash));
  if (entry != nullptr) secrets_.Insert(hash, entry, epoch);
  return entry;
}

absl::StatusOr<SecretCache::Entry> Verifier::Load(absl::string_view hash) {
  storage::Found<storage::v1::SecretRecord> pointer;
  storage::Found<storage::v1::TokenRecord> record;
  {
    // Given back before LoadAnchors() takes another: a store that closes and opens again lets no
    // view begin until those before are gone.
    const storage::View view = NewView();
    LATCHKEY_ASSIGN_OR_RETURN(pointer, view.Get(storage::SecretKey(hash)));
    if (!pointer.has_value()) return SecretCache::Entry();
    LATCHKEY_ASSIGN_OR_RETURN(record, view.GetToken(pointer->token()));
  }
  if (!record.has_value()) return SecretCache::Entry();
  auto token = std::make_shared<CachedToken>();
  // The key holds half of the hash only.
  if (hash != (pointer->superseded() ? pointer->superseded_hash() : record->secret_hash())) {
    return SecretCache::Entry();
  }
  token->superseded = pointer->superseded();
  token->answer = ActiveAnswer(record->token()).SerializeAsString();
  token->kind = record->token().kind();
  token->revoked = record->token().state() == v1::TOKEN_STATE_REVOKED;
  token->calls_latchkey = MayCallLatchkey(record->token());
  if (record->token().has_expire_time()) {
    token->expire_time = FromProto(record->token().expire_time());
  }
  LoadOtherSecret(hash, *record, *token);
  if (token->calls_latchkey) {
    const bool of_service = token->kind == v1::TOKEN_KIND_SERVICE;
    token->name = record->token().name();
    token->principal = of_service ? record->token().service() : record->token().member();
  }
  LATCHKEY_RETURN_IF_ERROR(LoadAnchors(*record, *token));
  return SecretCache::Entry(std::move(token));
}

void Verifier::LoadOtherSecret(absl::string_view hash, const storage::v1::TokenRecord& record,
                               CachedToken& token) {
  if (record.previous_secret_hash().empty()) return;
  const bool is_previous = token.superseded && hash == record.previous_secret_hash();
  if (token.superseded && !is_previous) return;
  token.first_use = CellOf(storage::TokenKeyOfName(record.token().name())->bytes);
  token.version = record.secret_version();
  if (!is_previous) return;
  token.superseded_until = FromProto(record.token().previous_secret_expire_time());
  v1::Token before = record.token();
  *before.mutable_scopes() = record.previous_scopes();
  token.calls_latchkey = MayCallLatchkey(before);
  token.answer = ActiveAnswer(before).SerializeAsString();
}

absl::Status Verifier::LoadAnchors(const storage::v1::TokenRecord& record, CachedToken& token) {
  const std::vector<Anchor> anchors = AnchorsOf(record);
  token.anchors.reserve(anchors.size());
  bool all_loaded = true;
  for (const Anchor& anchor : anchors) {
    token.anchors.emplace_back(CellOf(anchor.key), anchor.issued);
    all_loaded = all_loaded && token.anchors.back().first->loaded();
  }
  if (all_loaded && token.kind != v1::TOKEN_KIND_SERVICE) return absl::OkStatus();
  // Begun after the cells are in the table: a commit that this view does not show yet will find
  // them there and raise them.
  const storage::View view = NewView();
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t current, CurrentGeneration(view, anchors[i]));
    token.anchors[i].first->RaiseTo(current);
    token.anchors[i].first->set_loaded();
  }
  if (token.kind != v1::TOKEN_KIND_SERVICE) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto service,
                            view.Get(storage::ServiceKey(LastId(record.token().service()))));
  if (!service.has_value()) return absl::OkStatus();
  for (const int role : service->service().roles()) token.roles.Add(static_cast<unsigned>(role));
  return absl::OkStatus();
}

std::shared_ptr<GenerationCell> Verifier::CellOf(const std::string& key) {
  MutexLock lock(cells_mu_);
  if (cells_.size() >= cells_to_sweep_) {
    absl::erase_if(cells_, [](const auto& entry) { return entry.second.use_count() == 1; });
    cells_to_sweep_ = std::max<std::size_t>(4096, cells_.size() * 2);
  }
  std::shared_ptr<GenerationCell>& cell = cells_[key];
  if (cell == nullptr) cell = std::make_shared<GenerationCell>();
  return cell;
}

void Verifier::Apply(const Effects& effects, std::uint64_t newest) {
  {
    MutexLock lock(cells_mu_);
    for (const auto& [key, generation] : effects.raised) {
      if (const auto it = cells_.find(key); it != cells_.end()) it->second->RaiseTo(generation);
    }
  }
  for (const std::string& hash : effects.changed_secrets) secrets_.Erase(hash);
  revision_.store(newest, std::memory_order_release);
}

void Verifier::Reset(std::uint64_t newest) {
  {
    // Before the secrets: an entry that is read after those were cleared finds only fresh cells.
    MutexLock lock(cells_mu_);
    cells_.clear();
  }
  {
    // What was used stays used, whatever the store knows of it.
    MutexLock lock(first_uses_mu_);
    RememberFirstUses(first_uses_);
  }
  secrets_.Clear();
  revision_.store(newest, std::memory_order_release);
}

void Verifier::RememberFirstUses(const std::vector<FirstUse>& uses) {
  for (const FirstUse& use : uses) {
    CellOf(storage::TokenKeyOfName(use.token)->bytes)->RaiseTo(use.version);
  }
}

}  // namespace latchkey
