/* Somebody who followed a link from elsewhere has a session that the browser did not send along: go on at once. */
const { next } = document.getElementById("login").dataset;
const response = await fetch("/api/v1/me", { headers: { Accept: "application/json" } });
if (response.ok) location.replace(next);
