/** What a screen reader is told of the page, from the browser's own accessibility tree: a list of
    {role, name, description, live, disabled, focused}, in order, without what is ignored. */
export async function axTree(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name, description, properties = [] }) => {
      const property = (wanted) => properties.find((each) => each.name === wanted)?.value.value;
      return {
        role: role?.value,
        name: name?.value ?? "",
        description: description?.value ?? "",
        live: property("live"),
        disabled: property("disabled") === true,
        focused: property("focused") === true,
      };
    });
}
