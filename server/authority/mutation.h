#ifndef LATCHKEY_SERVER_AUTHORITY_MUTATION_H_
#define LATCHKEY_SERVER_AUTHORITY_MUTATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/authority/actions.h"
#include "server/authority/caller.h"
#include "server/authority/changed_fields.h"
#include "server/authority/effects.h"
#include "server/authority/errors.h"
#include "server/authority/fact_sheet.h"
#include "server/base/entropy.h"
#include "server/form/secret_form.h"
#include "server/secret/keyring.h"
#include "storage/transaction.h"

namespace latchkey {

// What a mutation is about, for its event and its errors.
struct Target {
  std::string workspace;  // id; empty: none
  std::string resource;   // name
  std::string app;        // name; empty: none
  // Name; empty: that of the workspace, as it is where this becomes the target.
  std::string organization = {};
  // Not OK: what is wrong with the names of the request, which are of no form.
  absl::Status form = {};
};

// What the handlers of mutations share. Everything outlives the mutation.
struct MutationTools {
  const secret::Keyring& keyring;
  const secret::TokenPrefixes& prefixes;
  Entropy& entropy;
};

// One call's change in the making: decides, writes records with their events, and remembers what
// the verifier must forget. Used by the sequencer's thread; lives for one command.
class Mutation {
 public:
  Mutation(storage::Transaction& transaction, const Caller& caller, absl::Time now,
           const MutationTools& tools)
      : transaction_(transaction), caller_(caller), now_(now), tools_(tools) {}
  Mutation(const Mutation&) = delete;
  Mutation& operator=(const Mutation&) = delete;

  storage::Transaction& txn() { return transaction_; }
  const storage::Transaction& txn() const { return transaction_; }
  const Caller& caller() const { return caller_; }
  absl::Time now() const { return now_; }
  const MutationTools& tools() const { return tools_; }

  // Reads who the caller is now. Errors as FactSheet::For.
  absl::StatusOr<FactSheet> Gather(policy::Action action);

  // Decides by `sheet` and keeps the decision for the events that follow.
  // NOT_FOUND in place of a denial where the caller may not know of the resource; see IsHidden().
  // `reading` is ReadingOf() the action where not given.
  // The target's form in place of a denial that would tell what the resource is.
  // FAILED_PRECONDITION: NEEDS_APPROVAL without a request yet; see ApprovalNeeded().
  absl::Status Authorize(const FactSheet& sheet, const Target& target,
                         std::optional<policy::Action> reading = std::nullopt);

  // Asks policy whether whoever presents a token's secret may revoke or rotate it. Needs no caller.
  // `spent`: it is a refresh secret that was spent before.
  absl::Status AuthorizeBearer(policy::Action action, const Target& target, bool spent = false);

  // What the service does by itself needs no rule.
  absl::Status AuthorizeItself(policy::Action action, const Target& target);

  // Goes on with what was decided for `actor` before: the events that follow say that it was its.
  absl::Status Continue(const v1::Actor& actor, const v1::Decision& decision, const Target& target);

  // The events that follow are of another action, which was decided so, and about the same target.
  void GoOnWith(policy::Action action, const policy::Decision& decision) {
    action_ = action;
    decision_ = decision;
  }

  // The events that follow are about `target`, by the same decision.
  absl::Status AimAt(const Target& target);

  // The reason that the caller gave, and the hash of its request id, for the events.
  void set_reason(absl::string_view reason) { reason_ = std::string(reason); }
  void set_request_id_hash(absl::string_view hash) { request_id_hash_ = std::string(hash); }

  // Whether Authorize() answered that an approval is needed.
  bool needs_approval() const { return decision_.outcome == policy::Outcome::kNeedsApproval; }
  const policy::Decision& decision() const { return decision_; }
  const Target& target() const { return target_; }
  policy::Action action() const { return action_; }
  // Whether policy refused, or said again what it waits for, which leaves an event and no more.
  bool refused() const { return refused_; }
  void set_refused() { refused_ = true; }
  // Whether the step is kept though the call answers with an error.
  bool keep_on_error() const { return keep_on_error_; }
  void set_keep_on_error() { keep_on_error_ = true; }

  // Puts `record` under `key` with the next revision, and its event with `before` (null: it is
  // new). `action` is the decided one where not given. Returns the revision.
  template <typename Record>
  std::uint64_t Write(const storage::Key<Record>& key, const Record* before, Record& record,
                      std::optional<v1::Action> action = std::nullopt);

  // As Write(), for a resource that is erased for its readers: the event has no `after`.
  template <typename Record>
  std::uint64_t WriteErased(const storage::Key<Record>& key, const Record& before, Record& record);

  // Deletes the record under `key`, with its event. Returns the revision.
  template <typename Record>
  std::uint64_t Erase(const storage::Key<Record>& key, const Record& before);

  // Says what the refusal that WriteDecision() records is about: a secret that was spent before.
  void set_reuse(v1::Reuse reuse) { reuse_ = std::move(reuse); }
  // Whose refusals are counted together: those of the principal, or of the token that is reused,
  // which anybody may present.
  const std::string& limiter_key() const {
    return reuse_.has_value() ? target_.resource : caller_.principal;
  }

  // Records a decision that changed nothing.
  std::uint64_t WriteDecision();

  // Records that the service did something by itself about the target, or will at `end`.
  void WriteNotice(v1::Action action, absl::Time end);
  // Records that it did so to many resources of the target's workspace.
  void WriteSummary(v1::Action action, const v1::Summary& summary);

  // Makes `event` the summary of calls by `who`: a principal, or a peer.
  absl::Status FillSummary(v1::Action action, absl::string_view who, v1::Event& event);

  // Says that the generation `ended` of the record at `owner_key` ended, and why. The caller of
  // this writes the record itself with the raised generation.
  void EndGeneration(absl::string_view owner_key, std::uint64_t ended, v1::Action action,
                     absl::string_view reason);

  // Who events, revocations and tokens say it was.
  std::string Principal() const;

  // Returns a Revocation by this caller with the revision of the next event.
  v1::Revocation MakeRevocation(v1::Action action, absl::string_view reason) const;

  Effects& effects() { return effects_; }

  // Returns a new id of 20 characters that sorts by time.
  std::string NewId();

 private:
  v1::Event BaseEvent(std::optional<v1::Action> action) const;
  // The event of a call on behalf of a member that the service may not make is about that member:
  // what the call was to change is not read.
  absl::Status AimAtWhoIsImpersonated();

  storage::Transaction& transaction_;
  const Caller& caller_;
  const absl::Time now_;
  const MutationTools& tools_;
  policy::Action action_ = policy::Action::kPolicyRead;
  policy::Decision decision_;
  Target target_;
  bool refused_ = false;
  bool by_bearer_ = false;
  bool by_itself_ = false;
  // Whose decision from before is carried out, if one is.
  struct Continued {
    v1::Actor actor;
    v1::Decision decision;
  };
  std::optional<Continued> continued_;
  std::optional<v1::Reuse> reuse_;
  bool keep_on_error_ = false;
  std::string reason_;
  std::string request_id_hash_;
  Effects effects_;
};

// Returns an event's actor for `caller`.
v1::Actor ToActor(const Caller& caller);

// The public resource in a record, and an entity of it.
inline v1::Workspace& ResourceOf(storage::v1::WorkspaceRecord& r) { return *r.mutable_workspace(); }
inline v1::Organization& ResourceOf(storage::v1::OrganizationRecord& r) {
  return *r.mutable_organization();
}
inline v1::Member& ResourceOf(storage::v1::MemberRecord& r) { return *r.mutable_member(); }
inline v1::Service& ResourceOf(storage::v1::ServiceRecord& r) { return *r.mutable_service(); }
inline v1::App& ResourceOf(storage::v1::AppRecord& r) { return *r.mutable_app(); }
inline v1::Installation& ResourceOf(storage::v1::InstallationRecord& r) {
  return *r.mutable_installation();
}
inline v1::ApprovalRequest& ResourceOf(storage::v1::ApprovalRequestRecord& r) {
  return *r.mutable_approval_request();
}
inline v1::BulkRevocation& ResourceOf(storage::v1::BulkRevocationRecord& r) {
  return *r.mutable_bulk_revocation();
}
inline v1::Consumer& ResourceOf(storage::v1::ConsumerRecord& r) { return *r.mutable_consumer(); }
inline v1::Token& ResourceOf(storage::v1::TokenRecord& r) { return *r.mutable_token(); }

inline void SetEntity(const storage::v1::WorkspaceRecord& r, v1::Entity& e) {
  *e.mutable_workspace() = r.workspace();
}
inline void SetEntity(const storage::v1::OrganizationRecord& r, v1::Entity& e) {
  *e.mutable_organization() = r.organization();
}
inline void SetEntity(const storage::v1::MemberRecord& r, v1::Entity& e) {
  *e.mutable_member() = r.member();
}
inline void SetEntity(const storage::v1::ServiceRecord& r, v1::Entity& e) {
  *e.mutable_service() = r.service();
}
inline void SetEntity(const storage::v1::AppRecord& r, v1::Entity& e) {
  *e.mutable_app() = r.app();
}
inline void SetEntity(const storage::v1::InstallationRecord& r, v1::Entity& e) {
  *e.mutable_installation() = r.installation();
}
inline void SetEntity(const storage::v1::ApprovalRequestRecord& r, v1::Entity& e) {
  *e.mutable_approval_request() = r.approval_request();
}
inline void SetEntity(const storage::v1::BulkRevocationRecord& r, v1::Entity& e) {
  *e.mutable_bulk_revocation() = r.bulk_revocation();
}
inline void SetEntity(const storage::v1::ConsumerRecord& r, v1::Entity& e) {
  *e.mutable_consumer() = r.consumer();
}
inline void SetEntity(const storage::v1::TokenRecord& r, v1::Entity& e) {
  *e.mutable_token() = r.token();
}

// An entity of the resource in `record`, for as long as this lives; both must outlive it. A token
// is lent and not copied: every change of one has such an entity.
template <typename Record>
class LentEntity {
 public:
  LentEntity(Record& record, v1::Entity& entity) : entity_(entity) {
    if constexpr (kIsLent) {
      entity_.unsafe_arena_set_allocated_token(record.mutable_token());
    } else {
      SetEntity(record, entity_);
    }
  }
  ~LentEntity() {
    if constexpr (kIsLent) entity_.unsafe_arena_release_token();
  }
  LentEntity(const LentEntity&) = delete;
  LentEntity& operator=(const LentEntity&) = delete;

 private:
  static constexpr bool kIsLent = std::is_same_v<Record, storage::v1::TokenRecord>;

  v1::Entity& entity_;
};

template <typename Record>
std::uint64_t Mutation::Write(const storage::Key<Record>& key, const Record* before, Record& record,
                              std::optional<v1::Action> action) {
  auto& resource = ResourceOf(record);
  if constexpr (requires { resource.revision(); }) {
    resource.set_revision(transaction_.next_sequence());
  }
  transaction_.Put(key, record);
  v1::Event event = BaseEvent(action);
  event.set_resource(resource.name());
  if (before != nullptr) SetEntity(*before, *event.mutable_before());
  const LentEntity after(record, *event.mutable_after());
  SetChanged(event);
  return transaction_.Append(std::move(event));  // which takes no part of it away
}

template <typename Record>
std::uint64_t Mutation::WriteErased(const storage::Key<Record>& key, const Record& before,
                                    Record& record) {
  auto& resource = ResourceOf(record);
  resource.set_revision(transaction_.next_sequence());
  transaction_.Put(key, record);
  v1::Event event = BaseEvent(std::nullopt);
  event.set_resource(resource.name());
  SetEntity(before, *event.mutable_before());
  return transaction_.Append(std::move(event));
}

template <typename Record>
std::uint64_t Mutation::Erase(const storage::Key<Record>& key, const Record& before) {
  transaction_.Delete(key);
  v1::Event event = BaseEvent(std::nullopt);
  SetEntity(before, *event.mutable_before());
  event.set_resource(target_.resource);
  return transaction_.Append(std::move(event));
}

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_MUTATION_H_
