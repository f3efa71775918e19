# Copyright (c) mmacnn authors. All rights reserved.
"""OpenVINO: conversion of the ONNX file, and running what came of it."""
