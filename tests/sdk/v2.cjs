// Drives an emulated account of v2 with @paid-ai/paid-node 1.7.1.
const assert = require("node:assert/strict");
const { refused } = require("./refused.cjs");
const [path, environment] = process.argv.slice(2);
const { PaidClient } = require(`${path}/Client.js`);
const client = new PaidClient({ environment, token: "sk_test_paid_ai" });

async function walk(list) {
  const all = [];
  for (;;) {
    const page = await list({ limit: 15, offset: all.length });
    all.push(...page.data);
    if (!page.pagination.hasMore) {
      assert.equal(all.length, page.pagination.total);
      return all;
    }
  }
}

async function main() {
  const customers = client.customers;
  const before = await walk((page) => customers.listCustomers(page));
  assert.equal(before.length, 40);
  const made = await customers.createCustomer({ name: "Drive Ltd", externalId: "drive-1" });
  assert.deepEqual(await customers.getCustomerById({ id: made.id }), made);
  assert.deepEqual(await customers.getCustomerByExternalId({ externalId: "drive-1" }), made);
  const changed = await customers.updateCustomerById({ id: made.id, body: { phone: "+1 555" } });
  assert.equal(changed.phone, "+1 555");
  const taken = await refused(customers.createCustomer({ name: "X", externalId: "drive-1" }));
  assert.equal(taken.statusCode, 409);
  await customers.deleteCustomerById({ id: made.id });
  const gone = await refused(customers.getCustomerById({ id: made.id }));
  assert.equal(gone.constructor.name, "NotFoundError");
  assert.equal(gone.body.code, "ACCOUNT_NOT_FOUND");
  assert.deepEqual(await walk((page) => customers.listCustomers(page)), before);

  const orders = await walk((page) => client.orders.listOrders(page));
  let lines = 0;
  for (const { id } of orders) {
    lines += (await client.orders.getOrderLines({ id })).data.length;
    await client.orders.listOrderSeats({ id });
  }
  assert.ok(lines >= orders.length);
  for (const invoice of await walk((page) => client.invoices.listInvoices(page))) {
    const { data } = await client.invoices.getInvoiceLines({ id: invoice.id });
    const sum = data.reduce((total, line) => total + line.totalPriceAfterTax, 0);
    assert.equal(sum, invoice.invoiceTotal);
  }
  assert.equal((await client.credits.listCreditCurrencies()).data.length, 3);
  assert.equal((await client.webhooks.listWebhooks()).data.length, 3);
  assert.ok((await client.valueReceipts.listValueReceipts()).total > 5);
  assert.ok((await walk((page) => client.checkouts.listCheckouts(page))).length > 5);
  console.log("@paid-ai/paid-node 1.7.1 drives v2");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
