# The project's own #include lines keep to the table; a scratch tree with one that does not fails.

cmake_minimum_required(VERSION 3.25)

function(check root expected)
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${root} -P ${ROOT}/tools/cmake/CheckIncludes.cmake
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(NOT expected AND NOT result EQUAL 0)
    message(SEND_ERROR "expected success, got: ${output}")
  elseif(expected AND (result EQUAL 0 OR NOT output MATCHES "${expected}"))
    message(SEND_ERROR "expected a failure with '${expected}', got: ${output}")
  endif()
endfunction()

check(${ROOT} "")

file(REMOVE_RECURSE ${SCRATCH})
file(WRITE ${SCRATCH}/server/rpc/fine.cc
  "#include <string>\n#include \"absl/strings/str_cat.h\"\n#include \"storage/engine/engine.h\"\n")
check(${SCRATCH} "")
file(WRITE ${SCRATCH}/server/policy/bad.cc "#include \"latchkey/v1/common.pb.h\"\n")
check(${SCRATCH} "server/policy/bad.cc .policy. includes latchkey/v1/common.pb.h .proto.")
file(REMOVE ${SCRATCH}/server/policy/bad.cc)
file(WRITE ${SCRATCH}/storage/bad.h "#include \"server/authority/sequencer.h\"\n")
check(${SCRATCH} "storage/bad.h .storage. includes server/authority/sequencer.h .server.")
file(REMOVE ${SCRATCH}/storage/bad.h)
file(WRITE ${SCRATCH}/storage/engine/fine.cc "#include <vector>\n#include \"rocksdb/db.h\"\n")
check(${SCRATCH} "")
file(WRITE ${SCRATCH}/storage/bad.cc "#include <rocksdb/db.h>\n")
check(${SCRATCH} "storage/bad.cc .storage. includes rocksdb/db.h .RocksDB.")
file(REMOVE ${SCRATCH}/storage/bad.cc)
file(WRITE ${SCRATCH}/server/policy/bad.cc "#include \"grpcpp/grpcpp.h\"\n")
check(${SCRATCH} "server/policy/bad.cc .policy. includes grpcpp/grpcpp.h .gRPC.")
foreach(line
        "#include \"grpc++/grpc++.h\"" "#include \"../authority/sequencer.h\"" "#include <zlib.h>"
        "  #  include <nlohmann/json.hpp>" "#include<curl/curl.h>")
  file(WRITE ${SCRATCH}/server/policy/bad.cc "${line}\n")
  check(${SCRATCH} "server/policy/bad.cc .policy. includes")
endforeach()
file(WRITE ${SCRATCH}/server/policy/bad.cc "#include <sys/types.h>\n#include <unistd.h>\n")
check(${SCRATCH} "")
