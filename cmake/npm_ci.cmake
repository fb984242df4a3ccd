# Installs what FROM/package-lock.json pins into INTO/node_modules; from npm's cache, as far as it goes.
# No package's own scripts are run. Calls NPM.
file(COPY ${FROM}/package.json ${FROM}/package-lock.json DESTINATION ${INTO})
execute_process(
  COMMAND ${NPM} ci --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error
  WORKING_DIRECTORY ${INTO} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "npm ci for ${FROM}: ${output}")
endif()
