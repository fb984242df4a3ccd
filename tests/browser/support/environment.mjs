// What CTest tells these tests (see ../CMakeLists.txt).

/** The value of a variable of the environment that must be there. */
export function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run these tests by ctest -L browser`);
  return value;
}

/** Where failed comparisons leave their pictures. */
export const outputFolder = () => required("STAMPEDE_BROWSER_OUTPUT");

/** For the programs under test: every variable but STAMPEDE_…, which would be configuration. */
export const environmentWith = (variables = {}) => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("STAMPEDE_")),
  ),
  ...variables,
});
