#ifndef LATCHKEY_TESTS_RPC_BAD_FIELD_FIXTURE_H_
#define LATCHKEY_TESTS_RPC_BAD_FIELD_FIXTURE_H_

#include "tests/rpc/bad_fields.h"
#include "tests/rpc/bad_input_fixture.h"

namespace latchkey::testing {

// Two tenants that have one of everything that can be named, so that good requests can name it:
// acme is in the organization ours, other in theirs.
class BadFieldFixture : public BadInputFixture {
 protected:
  void SetUp() override;

  NamesByForm names_;

 private:
  void MakeOrganizations();
  void MakeInstalled();
  void LeaveRequests();
  void StartBulkRevocations();
  void MakeConsumers();
  void MakeServiceToDelete();
  void ReadRevisions();
  void ListNames();
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_BAD_FIELD_FIXTURE_H_
