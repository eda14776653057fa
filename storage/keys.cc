#include "storage/keys.h"

#include <algorithm>
#include <initializer_list>

namespace latchkey::storage {
namespace {

// Table bytes. 0x00 is the engine's own. Never reuse one for another thing.
enum Table : char {
  kMeta = 'M',
  kWorkspace = 'W',
  kMember = 'B',
  kService = 'S',
  kApp = 'A',
  kInstallation = 'I',
  kApprovalRequest = 'P',
  kWorkspaceToken = 'T',
  kServiceToken = 'U',
  kSecret = 'H',
  kGeneration = 'G',
  kEvent = 'E',
  kNode = 'N',
  kCheckpoint = 'C',
  kReplay = 'Q',
  kReplayExpiry = 'q',
  kUriSan = 'u',
  kTestToken = 't',
  kPendingRequest = 'p',
  kGrant = 'g',
  kRequestExpiry = 'x',
  kLastUse = 'L',
  kDeadline = 'd',
  kReschedule = 'r',
  kAppToken = 'a',
  kMemberToken = 'm',
  kHomeApp = 'h',
  kOrganization = 'O',
  kOrganizationInstallation = 'V',
  kOrganizationWorkspace = 'o',
  kBulkRevocation = 'Y',
  kRunningBulkRevocation = 'y',
  kConsumer = 'K',
  kConsumerPosition = 'k',
  kWorkspaceConsumer = 'c',
  kHoldingConsumer = 'e',
  kRetention = 'R',
  kEventSizes = 'z',
  kEventSizesProgress = 'Z',
};

constexpr std::size_t kSecretKeyHashBytes = 16;
constexpr std::size_t kBigEndianSize = 8;
// Table, level, tile, offset in the tile.
constexpr std::size_t kNodeKeySize = 1 + 1 + kBigEndianSize + 1;
constexpr unsigned kMaxNodeLevel = 7;

std::string Join(Table table, std::initializer_list<absl::string_view> parts) {
  std::string key(1, static_cast<char>(table));
  bool first = true;
  for (const absl::string_view part : parts) {
    if (!first) key.push_back('\0');
    first = false;
    key.append(part.data(), part.size());
  }
  return key;
}

std::string BigEndian(std::uint64_t value) {
  std::string bytes(kBigEndianSize, '\0');
  for (std::size_t i = kBigEndianSize; i-- > 0; value >>= 8) {
    bytes[i] = static_cast<char>(static_cast<unsigned char>(value & 0xff));
  }
  return bytes;
}

std::uint64_t FromBigEndian(absl::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string TimeBytes(absl::Time time) {
  return BigEndian(static_cast<std::uint64_t>(std::max<std::int64_t>(absl::ToUnixMicros(time), 0)));
}

}  // namespace

Key<v1::MetaRecord> MetaKey() { return {Join(kMeta, {})}; }

Key<v1::WorkspaceRecord> WorkspaceKey(absl::string_view workspace) {
  return {Join(kWorkspace, {workspace})};
}
Key<v1::MemberRecord> MemberKey(absl::string_view workspace, absl::string_view member) {
  return {Join(kMember, {workspace, member})};
}
Key<v1::ServiceRecord> ServiceKey(absl::string_view service) { return {Join(kService, {service})}; }
Key<v1::OrganizationRecord> OrganizationKey(absl::string_view organization) {
  return {Join(kOrganization, {organization})};
}
Key<v1::InstallationRecord> OrganizationInstallationKey(absl::string_view organization,
                                                        absl::string_view app) {
  return {Join(kOrganizationInstallation, {organization, app})};
}
Key<v1::AppRecord> AppKey(absl::string_view app) { return {Join(kApp, {app})}; }
Key<v1::InstallationRecord> InstallationKey(absl::string_view workspace, absl::string_view app) {
  return {Join(kInstallation, {workspace, app})};
}
Key<v1::ApprovalRequestRecord> ApprovalRequestKey(absl::string_view workspace,
                                                  absl::string_view request) {
  return {Join(kApprovalRequest, {workspace, request})};
}
Key<v1::BulkRevocationRecord> BulkRevocationKey(absl::string_view workspace, absl::string_view id) {
  return {Join(kBulkRevocation, {workspace, id})};
}
IndexKey RunningBulkRevocationKey(absl::string_view workspace, absl::string_view id) {
  return {Join(kRunningBulkRevocation, {workspace, id})};
}
Key<v1::ConsumerRecord> ConsumerKey(absl::string_view consumer) {
  return {Join(kConsumer, {consumer})};
}
Key<v1::ConsumerPositionRecord> ConsumerPositionKey(absl::string_view consumer) {
  return {Join(kConsumerPosition, {consumer})};
}
IndexKey WorkspaceConsumerKey(absl::string_view workspace, absl::string_view consumer) {
  return {Join(kWorkspaceConsumer, {workspace, consumer})};
}
IndexKey HoldingConsumerKey(absl::string_view consumer) {
  return {Join(kHoldingConsumer, {consumer})};
}
Key<v1::RetentionRecord> RetentionKey() { return {Join(kRetention, {})}; }
Key<v1::EventSizesRecord> EventSizesKey(absl::string_view workspace) {
  return {Join(kEventSizes, {workspace})};
}
Key<v1::EventSizesProgressRecord> EventSizesProgressKey() {
  return {Join(kEventSizesProgress, {})};
}
Key<v1::TokenRecord> WorkspaceTokenKey(absl::string_view workspace, absl::string_view token) {
  return {Join(kWorkspaceToken, {workspace, token})};
}
Key<v1::TokenRecord> ServiceTokenKey(absl::string_view service, absl::string_view token) {
  return {Join(kServiceToken, {service, token})};
}
Key<v1::SecretRecord> SecretKey(absl::string_view secret_hash) {
  return {Join(kSecret, {secret_hash.substr(0, kSecretKeyHashBytes)})};
}
Key<v1::GenerationRecord> GenerationKey(absl::string_view owner_key, std::uint64_t ended) {
  return {Join(kGeneration, {owner_key, BigEndian(ended)})};
}
Key<::latchkey::v1::Event> EventKey(std::uint64_t sequence) {
  return {Join(kEvent, {BigEndian(sequence)})};
}
std::string NodeKey(const NodePlace& place) {
  std::string key = NodeTilePrefix(place.level, place.index >> 8);
  key.push_back(static_cast<char>(static_cast<unsigned char>(place.index & 0xff)));
  return key;
}
Key<v1::CheckpointRecord> CheckpointKey(std::uint64_t size) {
  return {Join(kCheckpoint, {BigEndian(size)})};
}
Key<v1::ReplayRecord> ReplayKey(absl::string_view request_id_hash) {
  return {Join(kReplay, {request_id_hash})};
}
IndexKey ReplayExpiryKey(absl::Time expire_time, absl::string_view request_id_hash) {
  return {Join(kReplayExpiry, {TimeBytes(expire_time), request_id_hash})};
}
Key<v1::NameRecord> UriSanKey(absl::string_view uri) { return {Join(kUriSan, {uri})}; }
Key<v1::NameRecord> TestTokenKey(absl::string_view workspace, absl::string_view member) {
  return {Join(kTestToken, {workspace, member})};
}
Key<v1::NameRecord> PendingRequestKey(absl::string_view workspace, absl::string_view member,
                                      absl::string_view app) {
  return {Join(kPendingRequest, {workspace, member, app})};
}
Key<v1::NameRecord> GrantKey(absl::string_view workspace, absl::string_view member,
                             absl::string_view app) {
  return {Join(kGrant, {workspace, member, app})};
}
Key<v1::NameRecord> RequestExpiryKey(absl::Time expire_time, absl::string_view workspace,
                                     absl::string_view request) {
  return {Join(kRequestExpiry, {TimeBytes(expire_time), workspace, request})};
}
Key<v1::LastUseRecord> LastUseKey(absl::string_view token) { return {Join(kLastUse, {token})}; }
Key<v1::NameRecord> RescheduleKey(absl::string_view workspace) {
  return {Join(kReschedule, {workspace})};
}
IndexKey DeadlineKey(absl::Time time, absl::string_view token) {
  return {Join(kDeadline, {TimeBytes(time), token})};
}
IndexKey AppTokenKey(absl::string_view workspace, absl::string_view app, absl::string_view token) {
  return {Join(kAppToken, {workspace, app, token})};
}
IndexKey MemberTokenKey(absl::string_view workspace, absl::string_view member,
                        absl::string_view token) {
  return {Join(kMemberToken, {workspace, member, token})};
}
IndexKey HomeAppKey(absl::string_view workspace, absl::string_view app) {
  return {Join(kHomeApp, {workspace, app})};
}
IndexKey OrganizationWorkspaceKey(absl::string_view organization, absl::string_view workspace) {
  return {Join(kOrganizationWorkspace, {organization, workspace})};
}

std::string WorkspacePrefix() { return Join(kWorkspace, {}); }
std::string MemberPrefix(absl::string_view workspace) { return Join(kMember, {workspace, ""}); }
std::string ServicePrefix() { return Join(kService, {}); }
std::string InstallationPrefix(absl::string_view workspace) {
  return Join(kInstallation, {workspace, ""});
}
std::string ApprovalRequestPrefix(absl::string_view workspace) {
  return Join(kApprovalRequest, {workspace, ""});
}
std::string WorkspaceTokenPrefix(absl::string_view workspace) {
  return Join(kWorkspaceToken, {workspace, ""});
}
std::string ServiceTokenPrefix(absl::string_view service) {
  return Join(kServiceToken, {service, ""});
}
std::string AppTokenPrefix(absl::string_view workspace, absl::string_view app) {
  return Join(kAppToken, {workspace, app, ""});
}
std::string MemberTokenPrefix(absl::string_view workspace, absl::string_view member) {
  return Join(kMemberToken, {workspace, member, ""});
}
std::string HomeAppPrefix(absl::string_view workspace) { return Join(kHomeApp, {workspace, ""}); }
std::string OrganizationPrefix() { return Join(kOrganization, {}); }
std::string OrganizationInstallationPrefix(absl::string_view organization) {
  return Join(kOrganizationInstallation, {organization, ""});
}
std::string OrganizationWorkspacePrefix(absl::string_view organization) {
  return Join(kOrganizationWorkspace, {organization, ""});
}
std::string BulkRevocationPrefix(absl::string_view workspace) {
  return Join(kBulkRevocation, {workspace, ""});
}
std::string RunningBulkRevocationPrefix(absl::string_view workspace) {
  return Join(kRunningBulkRevocation, {workspace, ""});
}
std::string RunningBulkRevocationPrefix() { return Join(kRunningBulkRevocation, {}); }
std::string ConsumerPrefix() { return Join(kConsumer, {}); }
std::string HoldingConsumerPrefix() { return Join(kHoldingConsumer, {}); }
std::string WorkspaceConsumerPrefix(absl::string_view workspace) {
  return Join(kWorkspaceConsumer, {workspace, ""});
}
std::string EventPrefix() { return Join(kEvent, {}); }
std::string NodePrefix() { return Join(kNode, {}); }
std::string NodeLevelPrefix(unsigned level) {
  const char byte = static_cast<char>(static_cast<unsigned char>(level));
  return Join(kNode, {absl::string_view(&byte, 1)});
}
std::string NodeTilePrefix(unsigned level, std::uint64_t tile) {
  return NodeLevelPrefix(level) + BigEndian(tile);
}
std::string CheckpointPrefix() { return Join(kCheckpoint, {}); }
std::string ReplayExpiryPrefix() { return Join(kReplayExpiry, {}); }
std::string RequestExpiryPrefix() { return Join(kRequestExpiry, {}); }
std::string ReschedulePrefix() { return Join(kReschedule, {}); }
std::string DeadlinePrefix() { return Join(kDeadline, {}); }

std::pair<absl::string_view, absl::string_view> BulkRevocationOfRunningKey(absl::string_view key) {
  key.remove_prefix(1);
  const std::size_t end = key.find('\0');
  return {key.substr(0, end), key.substr(end + 1)};
}

std::optional<NodePlace> PlaceOfNodeKey(absl::string_view key) {
  if (key.size() != kNodeKeySize || key[0] != kNode) return std::nullopt;
  const unsigned level = static_cast<unsigned char>(key[1]);
  // No index has more than the 64 bits of tile and offset that are its own.
  if (level > kMaxNodeLevel || key[2] != 0) return std::nullopt;
  return NodePlace{level, FromBigEndian(key.substr(2))};
}

std::optional<std::uint64_t> SizeOfCheckpointKey(absl::string_view key) {
  if (key.size() != 1 + kBigEndianSize || key[0] != kCheckpoint) return std::nullopt;
  return FromBigEndian(key.substr(1));
}

absl::string_view TokenOfDeadlineKey(absl::string_view key) {
  return key.substr(1 + kBigEndianSize + 1);
}

absl::Time TimeOfDeadlineKey(absl::string_view key) {
  std::uint64_t micros = 0;
  for (const char c : key.substr(1, kBigEndianSize)) {
    micros = micros << 8 | static_cast<unsigned char>(c);
  }
  return absl::FromUnixMicros(static_cast<std::int64_t>(micros));
}

std::string DueEnd(absl::string_view prefix, absl::Time now) {
  std::string end(prefix);
  end += TimeBytes(now + absl::Microseconds(1));
  return end;
}

std::uint64_t SequenceOfEventKey(absl::string_view key) {
  std::uint64_t sequence = 0;
  for (const char c : key.substr(1)) {
    sequence = sequence << 8 | static_cast<unsigned char>(c);
  }
  return sequence;
}

absl::string_view HashOfReplayExpiryKey(absl::string_view key) {
  return key.substr(1 + kBigEndianSize + 1);
}

}  // namespace latchkey::storage
