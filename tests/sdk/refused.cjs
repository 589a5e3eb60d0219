// Gives the error of a call that must be refused.
const assert = require("node:assert/strict");

exports.refused = async function refused(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  assert.fail("the call was not refused");
};
