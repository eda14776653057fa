# latchkey_generate_protos(<out-messages> <out-stubs> MESSAGES <proto>... STUBS <proto>...)
#
# Generates C++ for protos under proto/ into the build tree: messages for each of MESSAGES, gRPC
# stubs for each of STUBS (which must be among MESSAGES). Sets the two variables to the sources.
set(LATCHKEY_PROTO_ROOT ${PROJECT_SOURCE_DIR}/proto)
set(LATCHKEY_PROTO_OUT ${PROJECT_BINARY_DIR}/generated)

function(latchkey_generate_protos out_messages out_stubs)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "MESSAGES;STUBS")
  file(MAKE_DIRECTORY ${LATCHKEY_PROTO_OUT})
  set(protoc protobuf::protoc -I ${LATCHKEY_PROTO_ROOT})
  foreach(proto IN LISTS arg_MESSAGES)
    string(REGEX REPLACE "\\.proto$" "" stem ${LATCHKEY_PROTO_OUT}/${proto})
    add_custom_command(
      OUTPUT ${stem}.pb.cc ${stem}.pb.h
      COMMAND ${protoc} --cpp_out=${LATCHKEY_PROTO_OUT} ${proto}
      DEPENDS ${LATCHKEY_PROTO_ROOT}/${proto} VERBATIM)
    list(APPEND messages ${stem}.pb.cc ${stem}.pb.h)
  endforeach()
  foreach(proto IN LISTS arg_STUBS)
    string(REGEX REPLACE "\\.proto$" "" stem ${LATCHKEY_PROTO_OUT}/${proto})
    add_custom_command(
      OUTPUT ${stem}.grpc.pb.cc ${stem}.grpc.pb.h
      COMMAND ${protoc} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>
              --grpc_out=${LATCHKEY_PROTO_OUT} ${proto}
      DEPENDS ${LATCHKEY_PROTO_ROOT}/${proto} VERBATIM)
    list(APPEND stubs ${stem}.grpc.pb.cc ${stem}.grpc.pb.h)
  endforeach()
  set(${out_messages} ${messages} PARENT_SCOPE)
  set(${out_stubs} ${stubs} PARENT_SCOPE)
endfunction()
