#ifndef LATCHKEY_TESTS_RPC_BAD_FIELD_EXCEPTIONS_H_
#define LATCHKEY_TESTS_RPC_BAD_FIELD_EXCEPTIONS_H_

#include "grpcpp/support/status.h"
#include "tests/rpc/bad_fields.h"

namespace latchkey::testing {

// What is answered in another way than with INVALID_ARGUMENT and the field's name, or NOT_FOUND
// where it names another tenant's; and why that is as it should be.
struct Exception {
  const char* method;  // "*": all
  const char* path;    // or several, between bars
  Flaw flaw;
  const char* what;       // of the value, as the row has it, or several; "": any
  grpc::StatusCode code;  // DO_NOT_USE: it is good there, so that nothing is sent
  const char* why;
};

inline constexpr grpc::StatusCode kIsGood = grpc::StatusCode::DO_NOT_USE;

inline constexpr Exception kExceptions[] = {
    // Numbers.
    {"*", "page_size", Flaw::kOutOfRange, "is 1001|is the greatest number", grpc::OK,
     "it counts as 1000"},
    {"*", "expected_revision", Flaw::kOutOfRange, "", grpc::ABORTED,
     "the resource is at another revision"},
    {"AuditService/Subscribe", "after_revision", Flaw::kOutOfRange, "", grpc::OUT_OF_RANGE,
     "it is beyond the log's end"},
    {"AuditService/ListEvents", "after_revision", Flaw::kOutOfRange, "", grpc::OK,
     "there is nothing yet after it"},
    {"AuditService/GetEvent", "sequence", Flaw::kOutOfRange, "", grpc::NOT_FOUND,
     "there is no such event"},
    {"AuditService/GetEvent", "sequence", Flaw::kEmpty, "", grpc::NOT_FOUND, "there is no event 0"},
    {"AuditService/CreateConsumer", "consumer.acknowledged_revision", Flaw::kOutOfRange, "",
     grpc::OUT_OF_RANGE, "it is beyond the log's end"},
    {"AuditService/Acknowledge", "revision", Flaw::kOutOfRange, "", grpc::OUT_OF_RANGE,
     "it is beyond the log's end"},
    {"AuditService/GetInclusionProof", "sequence|tree_size", Flaw::kOutOfRange, "",
     grpc::OUT_OF_RANGE, "it is beyond the log's end"},
    {"AuditService/GetConsistencyProof", "first_tree_size|second_tree_size", Flaw::kOutOfRange, "",
     grpc::OUT_OF_RANGE, "it is beyond the log's end"},
    {"VerifierService/Verify", "min_revision", Flaw::kOutOfRange, "", grpc::UNAVAILABLE,
     "this server has not committed it"},
    {"VerifierService/BatchVerify", "min_revision", Flaw::kOutOfRange, "", grpc::UNAVAILABLE,
     "this server has not committed it"},

    // Secrets.
    {"VerifierService/Verify", "secret", Flaw::kOversized, "has 1025 bytes", grpc::OK,
     "any string is a question, and the answer is MALFORMED"},
    {"VerifierService/BatchVerify", "secrets", Flaw::kOversized, "has 1025 bytes", grpc::OK,
     "any string is a question, and the answer is MALFORMED"},
    {"TokenService/RevokeToken", "secret", Flaw::kOversized, "has 1025 bytes", grpc::OK,
     "RFC 7009: the same answer, whatever is presented"},

    // Names of another type than the good one, which the field takes as well.
    {"AppService/ListInstallations", "parent", Flaw::kWrongType, "organizations|workspaces",
     kIsGood, "of a workspace, or of an organization"},
    {"AppService/ApproveApp", "parent", Flaw::kWrongType, "organizations|workspaces", kIsGood,
     "in a workspace, or in an organization"},
    {"AppService/RestrictApp", "parent", Flaw::kWrongType, "organizations|workspaces", kIsGood,
     "in a workspace, or in an organization"},
    {"TokenService/ListTokens", "parent", Flaw::kWrongType, "services|workspaces", kIsGood,
     "of a workspace, or of a service"},
    {"TokenService/GetToken", "name", Flaw::kWrongType, "services/tokens", kIsGood,
     "services have tokens too"},
    {"TokenService/RegenerateToken", "name", Flaw::kWrongType, "services/tokens", kIsGood,
     "services have tokens too"},
    {"TokenService/RevokeToken", "name", Flaw::kWrongType, "services/tokens", kIsGood,
     "services have tokens too"},
    {"*", "filter.token|consumer.filter.token", Flaw::kWrongType, "services/tokens", kIsGood,
     "services have tokens too"},
    {"*", "filter.actor|consumer.filter.actor", Flaw::kWrongType, "services", kIsGood,
     "services act too"},
    {"*", "filter.resource|consumer.filter.resource", Flaw::kWrongType, "", kIsGood,
     "an event may be about any resource"},
    {"PolicyService/CheckPermission", "principal", Flaw::kWrongType, "services", kIsGood,
     "services are principals too"},
    {"PolicyService/CheckPermission", "resource", Flaw::kWrongType, "services|workspaces", kIsGood,
     "the parent of a token, or of a member to be"},

    // Rights come before the form.
    {"TokenService/IssueToken", "parent", Flaw::kWrongType, "services", grpc::NOT_FOUND,
     "of services only the operator knows, and to the operator it is denied"},
    {"TokenService/IssueToken", "member", Flaw::kOtherTenant, "", grpc::PERMISSION_DENIED,
     "a TEST token is for its own member, whoever else is named"},

    // Names of other tenants that lead nowhere.
    {"TokenService/ListTokens", "app|member", Flaw::kOtherTenant, "", grpc::OK,
     "they select none of the caller's tokens"},
    {"AuditService/ListEvents",
     "filter.app|filter.actor|filter.resource|filter.organization|filter.token", Flaw::kOtherTenant,
     "", grpc::OK, "they select none of the caller's events"},
    {"AuditService/Subscribe",
     "filter.app|filter.actor|filter.resource|filter.organization|filter.token", Flaw::kOtherTenant,
     "", kIsGood, "they select none of the caller's events"},
    {"AuditService/CreateConsumer",
     "consumer.filter.app|consumer.filter.actor|consumer.filter.resource|"
     "consumer.filter.organization|consumer.filter.token",
     Flaw::kOtherTenant, "", kIsGood, "they select none of the caller's events"},
    {"AuditService/GetCheckpoint", "organization", Flaw::kOtherTenant, "", grpc::OK,
     "beside a workspace the right to that decides"},
    {"AuditService/GetInclusionProof", "organization", Flaw::kOtherTenant, "", grpc::OK,
     "beside a workspace the right to that decides"},
    {"AuditService/GetConsistencyProof", "organization", Flaw::kOtherTenant, "", grpc::OK,
     "beside a workspace the right to that decides"},
    {"PolicyService/CheckPermission", "member", Flaw::kOtherTenant, "", grpc::OK,
     "the answer is that it would be denied"},
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_BAD_FIELD_EXCEPTIONS_H_
