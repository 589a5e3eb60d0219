// Drives an emulated account of v1 with the resource clients of @paid-ai/paid-node 0.5.1.
const assert = require("node:assert/strict");
const { refused } = require("./refused.cjs");
const [client, environment] = process.argv.slice(2);

function resource(name, type) {
  const Client = require(`${client}/api/resources/${name}/client/Client.js`)[type];
  return new Client({ environment, token: "sk_test_paid_ai" });
}

async function main() {
  const customers = resource("customers", "Customers");
  const before = await customers.list();
  assert.equal(before.length, 40);

  const made = await customers.create({
    name: "Drive Ltd",
    externalId: "drive-1",
    billingAddress: { line1: "1 Road", city: "Boston", state: "MA", zipCode: "02108", country: "US" },
  });
  assert.equal(made.name, "Drive Ltd");
  assert.equal(made.creationState, "active");
  assert.deepEqual(await customers.get(made.id), made);
  assert.deepEqual(await customers.getByExternalId("drive-1"), made);
  assert.equal((await customers.list()).length, 41);

  const changed = await customers.update(made.id, { phone: "+1 555" });
  assert.deepEqual(changed, { ...made, phone: "+1 555" });
  const again = await customers.updateByExternalId("drive-1", { name: "Driven Ltd" });
  assert.equal(again.name, "Driven Ltd");
  assert.equal((await refused(customers.create({ name: "X", externalId: "drive-1" }))).statusCode, 400);

  const contacts = resource("contacts", "Contacts");
  const contact = await contacts.create({
    customerExternalId: "drive-1", firstName: "Ada", lastName: "L", email: "a@l.example",
    salutation: "Mrs.",
  });
  assert.equal(contact.customerId, made.id);
  assert.deepEqual(await contacts.get(contact.id), contact);
  await contacts.delete(contact.id);
  assert.equal((await refused(contacts.get(contact.id))).statusCode, 404);

  const orders = resource("orders", "Orders");
  const order = await orders.create({ name: "First", customerId: made.id, startDate: "2026-07-01",
    endDate: "2027-06-30" });
  assert.equal((await orders.activate(order.id)).creationState, "active");
  assert.equal((await orders.get(order.id)).customer.id, made.id);
  await orders.delete(order.id);

  await customers.delete(made.id);
  const gone = await refused(customers.get(made.id));
  assert.equal(gone.statusCode, 404);
  assert.equal(gone.body.error.code, "ACCOUNT_NOT_FOUND");
  assert.deepEqual(await customers.list(), before);

  assert.ok((await contacts.list()).length > 40);
  assert.ok((await orders.list()).every((order) => order.orderLines.length > 0));
  assert.equal((await resource("agents", "Agents").list()).length, 5);
  assert.equal((await resource("products", "Products").list()).length, 5);
  const Wrong = require(`${client}/api/resources/customers/client/Client.js`).Customers;
  const unknown = new Wrong({ environment, token: "sk_test_wrong" });
  assert.equal((await refused(unknown.list())).statusCode, 401);
  console.log("@paid-ai/paid-node 0.5.1 drives v1");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
