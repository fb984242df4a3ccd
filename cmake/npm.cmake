# stampede_npm(<name> <folder>): at build time, what <folder>/package-lock.json pins is installed into
# the build folder, and again when the lock changes; the source tree is left alone, and so is another
# build beside this one. Sets <name>_node_modules (the folder) and <name>_installed (the file to
# depend on).
find_program(NODE node REQUIRED)
find_program(NPM npm REQUIRED)
execute_process(COMMAND ${NODE} --version OUTPUT_VARIABLE node_version
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "v" "" node_version "${node_version}")
if(node_version VERSION_LESS 18)
  message(FATAL_ERROR "${NODE} is version ${node_version}; 18 or later is needed")
endif()

function(stampede_npm name folder)
  set(installed ${CMAKE_BINARY_DIR}/npm/${name})
  set(stamp ${installed}/installed)
  set(pins ${folder}/package.json ${folder}/package-lock.json)
  add_custom_command(
    OUTPUT ${stamp}
    COMMAND ${CMAKE_COMMAND} -D NPM=${NPM} -D FROM=${folder} -D INTO=${installed}
            -P ${PROJECT_SOURCE_DIR}/cmake/npm_ci.cmake
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${pins} ${PROJECT_SOURCE_DIR}/cmake/npm_ci.cmake
    COMMENT "Installing the npm packages of ${name}" VERBATIM)
  set(${name}_node_modules ${installed}/node_modules PARENT_SCOPE)
  set(${name}_installed ${stamp} PARENT_SCOPE)
endfunction()
