#ifndef LATCHKEY_SERVER_AUTHORITY_AUTHORITY_H_
#define LATCHKEY_SERVER_AUTHORITY_AUTHORITY_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/authority/bulk_jobs.h"
#include "server/authority/caller.h"
#include "server/authority/checkpoints.h"
#include "server/authority/denial_limiter.h"
#include "server/authority/fact_sheet.h"
#include "server/authority/log_retention.h"
#include "server/authority/log_sizes.h"
#include "server/authority/methods.h"
#include "server/authority/mutation.h"
#include "server/authority/paging.h"
#include "server/authority/sequencer.h"
#include "server/authority/verifier.h"
#include "server/base/clock.h"
#include "server/base/executor.h"
#include "server/base/logger.h"
#include "server/events/consumer_streams.h"
#include "server/events/event_hub.h"
#include "storage/engine/engine.h"

namespace latchkey {

// The state machine of the token authority: who may do what is decided here, every change goes
// through its sequencer, and every answer comes from the store or from memory that follows it.
// Knows nothing of gRPC, threads or the time but what it is given, so that all of it can run in one
// thread under a simulated clock.
//
// Thread-safe.
class Authority {
 public:
  struct Options {
    engine::Engine& engine;
    const Clock& clock;
    Entropy& entropy;
    Executor& executor;  // runs the sequencer; one thread
    Logger& logger;
    const secret::Keyring& keyring;
    secret::TokenPrefixes prefixes;  // that new secrets get; older ones are read from the store
    std::size_t max_cached_tokens = 1'000'000;
    absl::Duration replay_window = absl::Minutes(10);  // how long a request id is remembered
    DenialLimiter::Options denials = {};
    absl::Duration use_flush_interval = absl::Minutes(1);  // how late last use is written, at most
    // How many bytes of events are kept, about; 0: all within the retention of the plans.
    std::uint64_t max_log_bytes = 0;
    std::size_t event_ring_bytes = std::size_t{16} << 20;  // of the last events, kept in memory
  };

  // Opens the state in the engine, and makes it in an empty one.
  // FAILED_PRECONDITION: the store has a format that this program does not read (names both), or
  // belongs to another key file (names the key's id).
  // DATA_LOSS, UNAVAILABLE: the store does not read.
  static absl::StatusOr<std::unique_ptr<Authority>> Open(const Options& options);
  ~Authority();

  template <typename Response>
  using Done = std::function<void(absl::StatusOr<Response>)>;

  // Carries out a change, one overload for each of LATCHKEY_MUTATIONS. `done` is called once, when
  // the outcome is durable, on the executor's thread or where AnswerOn() says, or on this one where
  // the change is refused at once; it must not block. Errors are those of the method's comment in
  // the contract. Blocks on disk where PresentsSecret(request).
#define LATCHKEY_DECLARE_(name) \
  void Mutate(Caller caller, v1::name##Request request, Done<v1::name##Response> done);
  LATCHKEY_MUTATIONS(LATCHKEY_DECLARE_)
#undef LATCHKEY_DECLARE_

  // Calls every `done` on `answers` from now on, those of one commit in one task; null: on the
  // executor's thread. What was named before is not used any more when this returns.
  void AnswerOn(Executor* answers) { answers_.Lend(answers); }

  // Answers a read, one overload for each of LATCHKEY_READS. Blocks on disk.
#define LATCHKEY_DECLARE_(name) \
  absl::StatusOr<v1::name##Response> Read(const Caller& caller, const v1::name##Request& request);
  LATCHKEY_READS(LATCHKEY_DECLARE_)
#undef LATCHKEY_DECLARE_

  // Answers a BulkRevokeTokens with `preview`: counts and samples, and changes nothing. Blocks on
  // disk, in the number of tokens that its index holds.
  absl::StatusOr<v1::BulkRevokeTokensResponse> PreviewBulkRevoke(
      const Caller& caller, const v1::BulkRevokeTokensRequest& request);

  // Says whose call it is that presents `bearer` as its credential; the member in `on_behalf_of`
  // where that is not empty. Peer and user agent are the transport's to fill in. Blocks on disk
  // where the secret was not seen lately.
  // UNAUTHENTICATED: not a live secret of a kind that may call Latchkey. It is counted against
  // `peer` for the log.
  absl::StatusOr<Caller> Authenticate(absl::string_view bearer, absl::string_view on_behalf_of,
                                      absl::string_view peer);
  // The same for a client certificate with these URI SANs, proven by the transport.
  absl::StatusOr<Caller> AuthenticateCertificate(const std::vector<std::string>& uri_sans,
                                                 absl::string_view on_behalf_of,
                                                 absl::string_view peer);

  // Counts credentials of `peer` that were none, for the log.
  void CountFailedAuthentication(absl::string_view peer);

  // How much a caller may learn by verifying.
  enum class VerifyTrust { kMinimal, kFull };
  // Does not block for a service or the operator.
  // UNAUTHENTICATED, PERMISSION_DENIED: nothing, and why.
  absl::StatusOr<VerifyTrust> AuthorizeVerify(const Caller& caller);

  // Returns OK where `caller` may read the events that `filter` selects now; else why not.
  absl::Status AuthorizeAudit(const Caller& caller, const v1::EventFilter& filter);

  // Returns the signed checkpoint of the first `size` events. Blocks on disk where nobody asked for
  // the same one lately.
  // OUT_OF_RANGE: the log is shorter. DATA_LOSS, UNAVAILABLE: its tree does not read.
  absl::StatusOr<std::string> CheckpointAt(std::uint64_t size);
  // Returns OK where a reader of `filter` may begin after `after`. Blocks on disk.
  // OUT_OF_RANGE: that is before what is retained for the filter, or beyond the log's end.
  // Where it is before, and the tree reads, the error has the checkpoint that covers the gap.
  absl::Status CheckStart(std::uint64_t after, const v1::EventFilter& filter);

  // Whether the consumer of this name holds events now; false also where it does not read back.
  // Blocks on disk.
  bool HoldsEvents(const std::string& consumer) const;

  // Notes that a stream subscribed with a consumer, by its name. Does not block.
  void NoteActive(const std::string& consumer);

  Verifier& verifier() { return *verifier_; }
  EventHub& events() { return *hub_; }
  ConsumerStreams& consumer_streams() { return consumer_streams_; }

  // Does what is due: summaries of denials, expired requests, forgotten request ids, first and last
  // uses, warnings, expiry, idle revocation and purges of at most 2000 tokens, bulk revocation of
  // at most 4000, a checkpoint each minute, the removal of at most 4000 events beyond their
  // retention, and another try at a store that stopped writing. Call it about once a second.
  // Blocks on disk.
  void Tick();

  // Writes what was counted of refusals so far, and a checkpoint of all, and refuses every later
  // change.
  void Close();

 private:
  explicit Authority(const Options& options);

  template <typename Request>
  void MutateImpl(Caller caller, Request request, Done<ResponseOf<Request>> done);
  // Answers what presents a secret where that changes nothing, without a place among the changes,
  // which anybody could fill with secrets made up. Returns whether it did.
  template <typename Request>
  bool AnsweredWithoutChange(const Caller& caller, const Request& request,
                             const Done<ResponseOf<Request>>& done);

  // Makes the record that says what the store is, where it is new; else judges it.
  absl::Status CheckMeta();
  // A store from before there were checks of keys takes those of the key file, so this has to be
  // its own. FAILED_PRECONDITION: its log was signed by another.
  absl::Status CheckLogKey();
  // Adds to `meta` the prefixes that new secrets get, and to the options those that older ones
  // have. Returns whether there were any to add. DATA_LOSS: one in `meta` is none.
  absl::StatusOr<bool> LearnPrefixes(storage::v1::MetaRecord& meta);
  absl::Status WriteMeta(const storage::v1::MetaRecord& meta);
  // Brings a store of an earlier format to the one of this program.
  absl::Status Upgrade(storage::v1::MetaRecord meta);
  // AuthorizeAudit() for a request with the fields `workspace` and `organization`.
  absl::Status AuthorizeProof(const Caller& caller, const std::string& workspace,
                              const std::string& organization);
  // The size of the last checkpoint in the store; 0: there is none.
  absl::StatusOr<std::uint64_t> LastCheckpoint() const;
  // Writes a checkpoint into the store.
  void KeepCheckpoint();
  void KeepCheckpointWhenDue();
  absl::StatusOr<Caller> OnBehalfOf(Caller caller, absl::string_view on_behalf_of) const;
  // Gathers for a read and decides it. `about` fills the sheet.
  absl::StatusOr<FactSheet> AuthorizeRead(const storage::Reader& reader, const Caller& caller,
                                          policy::Action action, absl::string_view resource,
                                          absl::FunctionRef<absl::Status(FactSheet&)> about) const;
  // Adds what is known of a consumer beside the store.
  void Complete(v1::Consumer& consumer) const;
  // The workspaces of an organization.
  absl::StatusOr<v1::ListWorkspacesResponse> ListWorkspacesOf(const storage::View& view,
                                                              absl::string_view organization,
                                                              const Page& page) const;
  // What an organization decided about apps.
  absl::StatusOr<v1::ListInstallationsResponse> ListVerdictsOf(
      const Caller& caller, const std::string& organization,
      const v1::ListInstallationsRequest& request);
  // Brings a store that stopped writing back, and all memory in line with what it then shows. On
  // the executor.
  void RecoverStore();
  // Lets the sequencer carry out a change that the service makes by itself.
  // `finished` is told whether what `work` did is durable.
  void Enqueue(std::function<absl::Status(Mutation&)> work,
               std::function<void(const absl::Status&)> finished = nullptr);
  void WriteSummaries();
  void WriteSummary(DenialLimiter& limiter, v1::Action action,
                    std::vector<DenialLimiter::Counted> counted);
  void ExpireRequests();
  void ForgetReplays();
  void WriteFirstUses();
  // Writes when tokens were last used, where it is time.
  void FlushUses(absl::Time now);
  void WriteUses(const Verifier::Uses& uses);
  void SweepDeadlines();
  // Goes on setting the deadlines of a workspace's tokens anew after its settings changed.
  void Reschedule();
  // Returns the keys of an index that are due, at most `most`.
  std::vector<std::string> DueKeys(const std::string& prefix, std::size_t most);
  // Never while another one lives on this thread: a store that opens again waits for old views to
  // go and keeps new ones waiting, so that whoever holds one and asks for another is in its way.
  storage::View NewView() const { return storage::View(options_.engine.NewSnapshot()); }

  Options options_;  // constant once Open() has added the prefixes of older secrets
  const absl::Time start_time_;
  const MutationTools trial_tools_;  // of changes that are tried and never written
  PrefetchedEntropy entropy_;        // the executor's
  const MutationTools tools_{options_.keyring, options_.prefixes, entropy_};
  DenialLimiter denials_;
  DenialLimiter failed_authentications_;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<EventHub> hub_;
  ConsumerStreams consumer_streams_;
  // Whether memory may lag behind a store that came back.
  std::atomic<bool> memory_in_doubt_{false};
  std::atomic<bool> recovering_{false};                // a RecoverStore() is on its way
  std::unique_ptr<LogRetention> retention_;            // Tick() is the ticker's
  std::unique_ptr<LogSizes> log_sizes_;                // the same
  BulkJobs bulk_jobs_;                                 // the ticker's
  absl::Time next_use_flush_ = absl::InfinitePast();   // the ticker's
  absl::Time next_checkpoint_ = absl::InfinitePast();  // the ticker's
  std::atomic<std::uint64_t> last_checkpoint_{0};      // the size of the last one in the store
  Checkpoints checkpoints_;
  std::atomic<int> previews_{0};                            // under way
  absl::Time next_store_complaint_ = absl::InfinitePast();  // the executor's
  LentExecutor answers_;
  std::unique_ptr<Sequencer> sequencer_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_AUTHORITY_H_
