// address.js
