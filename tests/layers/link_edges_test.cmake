# Configures small projects with libraries of two layers: the edges that the table allows pass, and
# each way to make one that it does not allow ends the configuring with a message that names it.

cmake_minimum_required(VERSION 3.25)

# try(<case> <expected message, empty for success> <line of CMake>...)
function(try case expected)
  set(folder ${SCRATCH}/${case})
  file(REMOVE_RECURSE ${folder})
  string(JOIN "\n" body ${ARGN})
  file(WRITE ${folder}/code.cc "int unused;\n")
  file(WRITE ${folder}/CMakeLists.txt "
    cmake_minimum_required(VERSION 3.25)
    project(scratch LANGUAGES CXX)
    list(APPEND CMAKE_MODULE_PATH ${ROOT}/tools/cmake)
    include(Warnings)
    include(Layers)
    latchkey_library(low LAYER base)
    latchkey_library(high LAYER server SRCS code.cc PRIVATE latchkey::low)
    ${body}
    latchkey_check_layers()\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${folder} -B ${folder}/build
                          -DCMAKE_CXX_COMPILER=${CXX}
                  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(NOT expected AND NOT result EQUAL 0)
    message(SEND_ERROR "${case}: expected success, got: ${output}")
  elseif(expected AND (result EQUAL 0 OR NOT output MATCHES "${expected}"))
    message(SEND_ERROR "${case}: expected a failure with '${expected}', got: ${output}")
  else()
    message(STATUS "${case}: as expected")
  endif()
endfunction()

try(allowed "" "latchkey_library(next LAYER rpc SRCS code.cc PUBLIC latchkey::high latchkey::low)")
try(public "latchkey_bad \\(policy\\) may not use latchkey::high \\(server\\)"
  "latchkey_library(bad LAYER policy PUBLIC latchkey::high)")
try(private "latchkey_bad \\(client\\) may not use latchkey::high \\(server\\)"
  "latchkey_library(bad LAYER client SRCS code.cc PRIVATE latchkey::high)")
try(by_hand "latchkey_low \\(base\\) may not use latchkey_high \\(server\\)"
  "target_link_libraries(latchkey_low INTERFACE latchkey_high)")
try(executable "bad \\(tools\\) may not use latchkey::high \\(server\\)"
  "latchkey_executable(bad LAYER tools SRCS code.cc DEPS latchkey::high)")
try(outside_allowed ""
  "add_library(OpenSSL::Crypto INTERFACE IMPORTED)"
  "add_library(absl::status INTERFACE IMPORTED)"
  "latchkey_library(next LAYER secret SRCS code.cc PRIVATE OpenSSL::Crypto absl::status)")
try(outside "latchkey_bad \\(policy\\) may not use gRPC::grpc\\+\\+ \\(gRPC\\)"
  "add_library(gRPC::grpc++ INTERFACE IMPORTED)"
  "latchkey_library(bad LAYER policy SRCS code.cc PRIVATE gRPC::grpc++)")
try(outside_by_pkg_config "latchkey_bad \\(policy\\) may not use PkgConfig::libdeflate"
  "add_library(PkgConfig::libdeflate INTERFACE IMPORTED)"
  "latchkey_library(bad LAYER policy PUBLIC PkgConfig::libdeflate)")
try(outside_by_name "latchkey_bad \\(policy\\) may not use rocksdb \\(rocksdb\\)"
  "latchkey_library(bad LAYER policy PUBLIC rocksdb)")
try(of_no_layer "latchkey_bad \\(policy\\) may not use latchkey_helper \\(home-NOTFOUND\\)"
  "add_library(latchkey_helper INTERFACE)"
  "latchkey_library(bad LAYER policy PUBLIC latchkey_helper)")
try(alias "latchkey_bad \\(policy\\) may not use absl::high \\(server\\)"
  "add_library(absl::high ALIAS latchkey_high)"
  "latchkey_library(bad LAYER policy PUBLIC absl::high)")
try(no_such_layer "unknown layer 'cellar'" "latchkey_library(bad LAYER cellar)")
try(no_such_target "latchkey::typo, which is no target"
  "latchkey_library(bad LAYER server PUBLIC latchkey::typo)")
