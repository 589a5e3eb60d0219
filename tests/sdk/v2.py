"""Drives an emulated account of v2 with paid-python 1.2.1, whose models check every answer."""

import sys

from paid import Paid
from paid.core.api_error import ApiError

client = Paid(base_url=sys.argv[1], token="sk_test_paid_ai")


def walk(read):
    """Reads a list to its end."""
    rows = []
    while True:
        page = read(limit=15, offset=len(rows))
        rows += page.data
        if not page.pagination.has_more:
            assert len(rows) == page.pagination.total
            return rows


def refused(call, **words):
    """Gives the status and body of a call that must be refused."""
    try:
        call(**words)
    except ApiError as error:
        return error.status_code, error.body
    raise AssertionError("the call was not refused")


customers = client.customers
before = walk(customers.list_customers)
assert len(before) == 40, len(before)
made = customers.create_customer(name="Drive Ltd", external_id="drive-1", email="a@d.example")
assert customers.get_customer_by_id(made.id) == made
assert customers.get_customer_by_external_id("drive-1") == made
changed = customers.update_customer_by_id(made.id, phone="+1 555")
assert (changed.phone, changed.name) == ("+1 555", "Drive Ltd"), changed
status, _ = refused(customers.create_customer, name="X", external_id="drive-1")
assert status == 409, status
contact = client.contacts.create_contact(
    customer_id=made.id, first_name="Ada", last_name="L", email="a@l.example"
)
assert client.contacts.get_contact_by_id(contact.id).customer_id == made.id
client.contacts.delete_contact_by_id(contact.id)
customers.delete_customer_by_id(made.id)
status, body = refused(customers.get_customer_by_id, id=made.id)
assert (status, body.code) == (404, "ACCOUNT_NOT_FOUND"), (status, body)
assert walk(customers.list_customers) == before

walk(client.contacts.list_contacts)
walk(client.products.list_products)
for order in walk(client.orders.list_orders):
    assert client.orders.get_order_lines(order.id).data
for invoice in walk(client.invoices.list_invoices):
    lines = client.invoices.get_invoice_lines(invoice.id).data
    assert sum(line.total_price_after_tax for line in lines) == invoice.invoice_total
wrong = Paid(base_url=sys.argv[1], token="sk_test_wrong")
assert refused(wrong.customers.list_customers)[0] == 401
print("paid-python 1.2.1 drives v2")
