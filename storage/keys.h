#ifndef LATCHKEY_STORAGE_KEYS_H_
#define LATCHKEY_STORAGE_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "latchkey/storage/v1/records.pb.h"
#include "latchkey/v1/audit_service.pb.h"

namespace latchkey::storage {

// The keys of the store, one function for each table. docs/storage_format.md has the same list.
// A key is a table byte, then parts that are ids of [a-z0-9-] (so that a zero byte ends each but
// the last) or have a fixed size, so that byte order is the order of the parts.

// The format of keys and records that this program reads and writes (docs/storage_format.md).
inline constexpr std::uint32_t kStoreFormat = 2;
// The same, of a store whose secrets have or had other prefixes than the default ones: a program
// that does not know of that would take them for malformed.
inline constexpr std::uint32_t kStoreFormatWithPrefixes = 3;

// A key under which a Record lies.
template <typename Record>
struct Key {
  std::string bytes;
};

// A key of an index whose entries have no value.
struct IndexKey {
  std::string bytes;
};

// What the store is: one record.
Key<v1::MetaRecord> MetaKey();

Key<v1::WorkspaceRecord> WorkspaceKey(absl::string_view workspace);
Key<v1::MemberRecord> MemberKey(absl::string_view workspace, absl::string_view member);
Key<v1::ServiceRecord> ServiceKey(absl::string_view service);
Key<v1::OrganizationRecord> OrganizationKey(absl::string_view organization);
Key<v1::AppRecord> AppKey(absl::string_view app);
Key<v1::InstallationRecord> InstallationKey(absl::string_view workspace, absl::string_view app);
// What an organization decided about an app.
Key<v1::InstallationRecord> OrganizationInstallationKey(absl::string_view organization,
                                                        absl::string_view app);
Key<v1::ApprovalRequestRecord> ApprovalRequestKey(absl::string_view workspace,
                                                  absl::string_view request);

// A bulk revocation; and which of them run.
Key<v1::BulkRevocationRecord> BulkRevocationKey(absl::string_view workspace, absl::string_view id);
IndexKey RunningBulkRevocationKey(absl::string_view workspace, absl::string_view id);

// A consumer, and where it is; the consumers whose filter names a workspace.
Key<v1::ConsumerRecord> ConsumerKey(absl::string_view consumer);
Key<v1::ConsumerPositionRecord> ConsumerPositionKey(absl::string_view consumer);
IndexKey WorkspaceConsumerKey(absl::string_view workspace, absl::string_view consumer);
// The consumers that hold events, or did and lapsed.
IndexKey HoldingConsumerKey(absl::string_view consumer);

// What of the log is retained: one record, once something was removed or counted.
Key<v1::RetentionRecord> RetentionKey();

// How many bytes the events of a workspace have, where they were counted; and how far that is: one
// record.
Key<v1::EventSizesRecord> EventSizesKey(absl::string_view workspace);
Key<v1::EventSizesProgressRecord> EventSizesProgressKey();

// Tokens lie under what owns them: a workspace or a service.
Key<v1::TokenRecord> WorkspaceTokenKey(absl::string_view workspace, absl::string_view token);
Key<v1::TokenRecord> ServiceTokenKey(absl::string_view service, absl::string_view token);

// Where the token of a secret is, by the first 16 bytes of the secret's keyed hash. The token's
// record has the whole hash.
Key<v1::SecretRecord> SecretKey(absl::string_view secret_hash);

// Why the generation `ended` of the record at `owner` ended.
Key<v1::GenerationRecord> GenerationKey(absl::string_view owner_key, std::uint64_t ended);

// One event, by sequence number, big-endian.
Key<::latchkey::v1::Event> EventKey(std::uint64_t sequence);

// A node of the log's Merkle tree: `index` counts the nodes of its level of tiles, each of which is
// 8 levels of the tree above the one before. Under its key lies a chunk of the tile, which begins
// with it.
struct NodePlace {
  unsigned level = 0;  // at most 7
  std::uint64_t index = 0;
};
std::string NodeKey(const NodePlace& place);
// The checkpoint of the log of a size.
Key<v1::CheckpointRecord> CheckpointKey(std::uint64_t size);

// The answer to a request id, by its hash of 32 bytes; and the same by the time it is forgotten.
Key<v1::ReplayRecord> ReplayKey(absl::string_view request_id_hash);
IndexKey ReplayExpiryKey(absl::Time expire_time, absl::string_view request_id_hash);

// Which service has a URI SAN.
Key<v1::NameRecord> UriSanKey(absl::string_view uri);
// The live TEST token of a member.
Key<v1::NameRecord> TestTokenKey(absl::string_view workspace, absl::string_view member);
// The pending request, and the unspent grant, of a member for an app ("" for a TEST token). The
// member is an id, or "workspace/id" of a member of another workspace.
Key<v1::NameRecord> PendingRequestKey(absl::string_view workspace, absl::string_view member,
                                      absl::string_view app);
Key<v1::NameRecord> GrantKey(absl::string_view workspace, absl::string_view member,
                             absl::string_view app);
// Pending requests by the time they expire.
Key<v1::NameRecord> RequestExpiryKey(absl::Time expire_time, absl::string_view workspace,
                                     absl::string_view request);

// When a token was last used; `token` is its name.
Key<v1::LastUseRecord> LastUseKey(absl::string_view token);
// A workspace whose settings changed, and the id of the last token whose time was set anew by them.
Key<v1::NameRecord> RescheduleKey(absl::string_view workspace);
// Tokens by the time at which something is to be done about them by itself.
IndexKey DeadlineKey(absl::Time time, absl::string_view token);

// Tokens of an app in a workspace, tokens that speak for a member, apps of a home workspace.
IndexKey AppTokenKey(absl::string_view workspace, absl::string_view app, absl::string_view token);
IndexKey MemberTokenKey(absl::string_view workspace, absl::string_view member,
                        absl::string_view token);
IndexKey HomeAppKey(absl::string_view workspace, absl::string_view app);
// Workspaces of an organization.
IndexKey OrganizationWorkspaceKey(absl::string_view organization, absl::string_view workspace);

// What every key of a listing starts with. The rest of each key is the last id.
std::string WorkspacePrefix();
std::string MemberPrefix(absl::string_view workspace);
std::string ServicePrefix();
std::string InstallationPrefix(absl::string_view workspace);
std::string ApprovalRequestPrefix(absl::string_view workspace);
std::string WorkspaceTokenPrefix(absl::string_view workspace);
std::string ServiceTokenPrefix(absl::string_view service);
std::string AppTokenPrefix(absl::string_view workspace, absl::string_view app);
std::string MemberTokenPrefix(absl::string_view workspace, absl::string_view member);
std::string HomeAppPrefix(absl::string_view workspace);
std::string OrganizationPrefix();
std::string OrganizationInstallationPrefix(absl::string_view organization);
std::string OrganizationWorkspacePrefix(absl::string_view organization);
std::string BulkRevocationPrefix(absl::string_view workspace);
std::string RunningBulkRevocationPrefix(absl::string_view workspace);
// Those of every workspace.
std::string RunningBulkRevocationPrefix();
std::string ConsumerPrefix();
std::string HoldingConsumerPrefix();
std::string WorkspaceConsumerPrefix(absl::string_view workspace);
std::string EventPrefix();
std::string NodePrefix();
std::string NodeLevelPrefix(unsigned level);
std::string NodeTilePrefix(unsigned level, std::uint64_t tile);
std::string CheckpointPrefix();
std::string ReplayExpiryPrefix();
std::string RequestExpiryPrefix();
std::string DeadlinePrefix();
std::string ReschedulePrefix();

// What of a time-ordered key of a prefix's table is due at `now`: everything below this key.
std::string DueEnd(absl::string_view prefix, absl::Time now);

// The sequence number in a key of EventKey. The key must be one.
std::uint64_t SequenceOfEventKey(absl::string_view key);

// The place in a key of NodeKey; nullopt where it is none.
std::optional<NodePlace> PlaceOfNodeKey(absl::string_view key);
// The size in a key of CheckpointKey; nullopt where it is none.
std::optional<std::uint64_t> SizeOfCheckpointKey(absl::string_view key);

// The workspace and the id in a key of RunningBulkRevocationKey. The key must be one.
std::pair<absl::string_view, absl::string_view> BulkRevocationOfRunningKey(absl::string_view key);

// The token's name, and the time, in a key of DeadlineKey. The key must be one.
absl::string_view TokenOfDeadlineKey(absl::string_view key);
absl::Time TimeOfDeadlineKey(absl::string_view key);

// The request id hash in a key of ReplayExpiryKey. The key must be one.
absl::string_view HashOfReplayExpiryKey(absl::string_view key);

}  // namespace latchkey::storage

#endif  // LATCHKEY_STORAGE_KEYS_H_
